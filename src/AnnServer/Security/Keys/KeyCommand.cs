using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AnnServer.Hosting;

namespace AnnServer.Security.Keys;

/// <summary>
/// <c>AnnServer key create --name NAME --role ROLE</c>: makes an API key. It is printed this once; the file holds its hash.
/// </summary>
internal static partial class KeyCommand
{
    public const string Name = "key";

    private const string Usage =
        "--name NAME --role read|write|admin [--collections a,b-*] [--not-after 2027-01-31] [--requests-per-second 100] [--request-burst 200] [--max-calls-in-flight 8] [--file KEYS.json]";

    // 256 bits: nothing that could be guessed, so that a plain hash keeps it.
    private const int KeyBytes = 32;
    private const string Prefix = "ann_";

    /// <returns>The key, and the entry for the keys file or that it has been added.</returns>
    /// <exception cref="SettingsException">An argument is missing, unknown or wrong.</exception>
    public static string Run(string[] args)
    {
        List<string> faults = [];
        if (args is not [_, "create", ..])
        {
            throw new SettingsException([$"allowed: {Name} create {Usage}."]);
        }

        KeyEntry entry = Read(args.AsSpan(2), faults, out string? file);
        string key = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
        entry = entry with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))) };
        try
        {
            _ = KeysFile.ToRing(Encoding.UTF8.GetBytes(new KeysFile([entry]).ToString()));
        }
        catch (InvalidDataException e)
        {
            faults.Add($"{AsOptions(e.Message)}.");
        }

        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }

        if (file is null)
        {
            return $"key, shown only now: {key}\nentry for the keys file:\n{KeysFile.Text(entry)}";
        }

        Add(entry, file);
        return $"key, shown only now: {key}\nadded to '{file}'";
    }

    // What the fields of the file are called here.
    private static string AsOptions(string faults) =>
        Field().Replace(faults, static field => $"--{field.Groups["name"].Value.Replace('_', '-')}");

    private static KeyEntry Read(ReadOnlySpan<string> args, List<string> faults, out string? file)
    {
        file = null;
        KeyEntry entry = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            if (value is null)
            {
                faults.Add($"{args[i]} has no value; allowed: {Usage}.");
                break;
            }

            switch (args[i])
            {
                case "--name":
                    entry = entry with { Name = value };
                    break;
                case "--role":
                    entry = entry with { Role = value };
                    break;
                case "--collections":
                    entry = entry with { Collections = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) };
                    break;
                case "--not-after" when DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time):
                    entry = entry with { NotAfter = time.ToUniversalTime() };
                    break;
                case "--not-after":
                    faults.Add($"--not-after is \"{value}\"; allowed: an instant, as in 2027-01-31 or 2027-01-31T12:00:00Z.");
                    break;
                case "--requests-per-second" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double rate) && double.IsFinite(rate):
                    entry = entry with { RequestsPerSecond = rate };
                    break;
                case "--request-burst" when int.TryParse(value, CultureInfo.InvariantCulture, out int burst):
                    entry = entry with { RequestBurst = burst };
                    break;
                case "--max-calls-in-flight" when int.TryParse(value, CultureInfo.InvariantCulture, out int calls):
                    entry = entry with { MaxCallsInFlight = calls };
                    break;
                case "--requests-per-second" or "--request-burst" or "--max-calls-in-flight":
                    faults.Add($"{args[i]} is \"{value}\"; allowed: a number, whole but for --requests-per-second.");
                    break;
                case "--file":
                    file = value;
                    break;
                default:
                    faults.Add($"{args[i]} is unknown; allowed: {Usage}.");
                    break;
            }
        }

        return entry;
    }

    // Renamed into place, so that a server that reads it has the old one or the new one.
    private static void Add(KeyEntry entry, string file)
    {
        IReadOnlyList<KeyEntry> before = File.Exists(file) ? KeysFile.Read(File.ReadAllBytes(file)).Keys ?? [] : [];
        byte[] json = Encoding.UTF8.GetBytes($"{new KeysFile([.. before, entry])}\n");
        _ = KeysFile.ToRing(json);
        string draft = $"{file}.new";
        File.WriteAllBytes(draft, json);
        File.Move(draft, file, overwrite: true);
    }

    [GeneratedRegex(@"keys\[0\]\.(?<name>\w+)")]
    private static partial Regex Field();
}
