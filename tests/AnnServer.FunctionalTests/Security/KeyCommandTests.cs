using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AnnServer.Hosting;
using AnnServer.Security.Keys;
using AnnServer.Testing;

namespace AnnServer.FunctionalTests.Security;

/// <summary>The subcommand that makes keys.</summary>
public sealed class KeyCommandTests
{
    [Fact]
    public void Create_PrintsTheKeyAndAnEntryWithItsHash()
    {
        string[] lines = KeyCommand.Run(["key", "create", "--name", "x", "--role", "write", "--collections", "a, b*", "--not-after", "2030-01-31"])
            .Split('\n', 3);
        string key = lines[0].Split(' ')[^1];
        using JsonDocument entry = JsonDocument.Parse(lines[2]);

        Assert.Equal(32, System.Buffers.Text.Base64Url.DecodeFromChars(key.AsSpan(4)).Length);
        Assert.Equal("x", entry.RootElement.GetProperty("name").GetString());
        Assert.Equal("write", entry.RootElement.GetProperty("role").GetString());
        Assert.Equal(["a", "b*"], entry.RootElement.GetProperty("collections").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(new DateTimeOffset(2030, 1, 31, 0, 0, 0, TimeSpan.Zero), entry.RootElement.GetProperty("not_after").GetDateTimeOffset());
        Assert.Equal(
            SHA256.HashData(Encoding.UTF8.GetBytes(key)), Convert.FromHexString(entry.RootElement.GetProperty("sha256").GetString()!));
        Assert.DoesNotContain(key, lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WithAFile_AddsToIt()
    {
        using TempDirectory directory = new();
        string file = Path.Combine(directory.Path, "keys.json");

        string first = KeyCommand.Run(["key", "create", "--name", "x", "--role", "read", "--file", file]);
        string second = KeyCommand.Run(["key", "create", "--name", "x", "--role", "admin", "--file", file]);

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        Assert.Equal(["read", "admin"], json.RootElement.GetProperty("keys").EnumerateArray().Select(entry => entry.GetProperty("role").GetString()));
        Assert.Equal(2, KeysFile.ToRing(File.ReadAllBytes(file)).Count);
        Assert.NotEqual(first, second);
        Assert.Equal([file], Directory.GetFileSystemEntries(directory.Path));
    }

    [Fact]
    public void Create_WithLimits_PutsThemInTheEntry()
    {
        string[] lines = KeyCommand.Run(
            ["key", "create", "--name", "x", "--role", "read", "--requests-per-second", "2.5", "--request-burst", "9", "--max-calls-in-flight", "0"]).Split('\n', 3);
        using JsonDocument entry = JsonDocument.Parse(lines[2]);

        Assert.Equal(2.5, entry.RootElement.GetProperty("requests_per_second").GetDouble());
        Assert.Equal(9, entry.RootElement.GetProperty("request_burst").GetInt32());
        Assert.Equal(0, entry.RootElement.GetProperty("max_calls_in_flight").GetInt32());
    }

    [Fact]
    public void Create_LimitThatIsNone_NamesTheOption()
    {
        SettingsException refused = Assert.Throws<SettingsException>(
            () => KeyCommand.Run(["key", "create", "--name", "x", "--role", "read", "--request-burst", "-1"]));

        Assert.StartsWith("--request-burst is -1; allowed: ", Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key")]
    [InlineData("key", "delete")]
    [InlineData("key", "create", "--role", "read")]
    [InlineData("key", "create", "--name", "x")]
    [InlineData("key", "create", "--name", "x", "--role", "king")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--collections", "a*b")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--collections", ",")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--not-after", "soon")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--colections", "a")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--file")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--requests-per-second", "-1")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--requests-per-second", "NaN")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--request-burst", "1.5")]
    [InlineData("key", "create", "--name", "x", "--role", "read", "--max-calls-in-flight", "many")]
    public void Create_WrongArguments_SaysWhatIsAllowed(params string[] args) =>
        Assert.NotEmpty(Assert.Throws<SettingsException>(() => KeyCommand.Run(args)).Faults);
}
