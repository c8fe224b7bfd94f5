using System.Globalization;

namespace AnnServer.LoadGen.Processes;

/// <summary>What a process holds. Linux only.</summary>
/// <param name="AnonymousBytes">Of the resident bytes those that no file backs.</param>
/// <param name="Handles">Open file descriptors.</param>
internal readonly record struct ProcessSample(long ResidentBytes, long AnonymousBytes, int Threads, int Handles)
{
    private const int Kibibyte = 1024;

    public static ProcessSample Read(int process) => Parse(
        File.ReadAllText($"/proc/{process}/status"), Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count());

    /// <summary>From the text of <c>/proc/PID/status</c>.</summary>
    public static ProcessSample Parse(string status, int handles)
    {
        Dictionary<string, string> values = status.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.Ordinal);
        return new ProcessSample(Bytes("VmRSS"), Bytes("RssAnon"), (int)Number("Threads"), handles);

        long Bytes(string name) => Number(name) * Kibibyte;

        long Number(string name) => values.TryGetValue(name, out string? value)
            ? long.Parse(value.Split(' ')[0], CultureInfo.InvariantCulture)
            : throw new InvalidDataException($"The status of a process has no {name}.");
    }
}
