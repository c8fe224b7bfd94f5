using System.Security.Cryptography;
using System.Text;
using AnnServer.Testing;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Security;

/// <summary>A keys file written as an operator would write it.</summary>
internal sealed class TestKeys : IDisposable
{
    private readonly TempDirectory _directory = new();

    public TestKeys(params ReadOnlySpan<string> entries) => Write(entries);

    public string Path => System.IO.Path.Combine(_directory.Path, "keys.json");

    /// <summary>The setting that names the file, and one that has it read again soon.</summary>
    public IReadOnlyList<string> Settings => [$"--Ann:Auth:KeysPath={Path}", "--Ann:ReloadInterval=00:00:00.1"];

    /// <param name="limits">Members of the entry, as in <c>"request_burst": 5</c>.</param>
    public static string Entry(string name, string key, string role, string? collections = null, DateTimeOffset? notAfter = null, string? limits = null)
    {
        string hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        string rest = (collections is null ? "" : $", \"collections\": [{collections}]")
            + (notAfter is { } time ? $", \"not_after\": \"{time:O}\"" : "")
            + (limits is null ? "" : $", {limits}");
        return $"{{\"name\": \"{name}\", \"sha256\": \"{hash}\", \"role\": \"{role}\"{rest}}}";
    }

    public static Metadata Headers(string credentials) => new() { { "authorization", $"Bearer {credentials}" } };

    public void Write(params ReadOnlySpan<string> entries) => WriteText($"{{\"keys\": [{string.Join(", ", entries.ToArray())}]}}");

    public void WriteText(string text)
    {
        string draft = System.IO.Path.Combine(_directory.Path, "draft");
        File.WriteAllText(draft, text);
        File.Move(draft, Path, overwrite: true);
    }

    public void Dispose() => _directory.Dispose();
}
