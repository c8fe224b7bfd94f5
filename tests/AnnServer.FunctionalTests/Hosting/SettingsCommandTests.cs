using AnnServer.Hosting;
using AnnServer.Testing;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class SettingsCommandTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Run_FileAndCommandLine_PrintsEverySettingAsItWouldHold()
    {
        string file = Write("""{"Ann": {"MaxCallsInFlight": 5, "MaxCalsInFlight": 6}, "Logging": {"LogLevel": {"Some": "Debug"}}}""");

        string[] lines = SettingsCommand.Run([SettingsCommand.Name, $"--Ann:SettingsPath={file}", "--Ann:Limits:MaxK=7"]).Split(Environment.NewLine);

        Assert.Contains("Ann:MaxCallsInFlight=5  (default: 4096)", lines);
        Assert.Contains("Ann:Limits:MaxK=7  (default: 10000)", lines);
        Assert.Contains("Ann:CheckpointInterval=00:05:00", lines);
        Assert.Contains("Logging:LogLevel:Some=Debug", lines);
        Assert.Contains("Ann:MaxCalsInFlight  (unknown, without effect)", lines);
        // As the table of README.md and its limits have them, of which a test makes sure.
        Assert.InRange(lines.Count(static line => line.StartsWith("Ann:", StringComparison.Ordinal)), 70, 200);
    }

    [Fact]
    public void Run_LinesOfIt_AreSettingsThatComeToTheSame()
    {
        string[] lines = SettingsCommand.Run([SettingsCommand.Name, "--Ann:MaxSearchWait=00:00:00.25", "--Ann:Tls:CertificatePath=c", "--Ann:Tls:KeyPath=k"])
            .Split(Environment.NewLine);

        Assert.Equal(lines, SettingsCommand.Run([SettingsCommand.Name, .. lines.Select(static line => $"--{line.Split("  (")[0]}")]).Split(Environment.NewLine));
    }

    [Fact]
    public void Run_Faults_AreAllListed()
    {
        string file = Write("""{"Ann": {"MaxCallsInFlight": 0, "MaxSearchWait": "soon"}}""");

        SettingsException refused = Assert.Throws<SettingsException>(() => SettingsCommand.Run([SettingsCommand.Name, $"--Ann:SettingsPath={file}"]));

        Assert.Equal(2, refused.Faults.Count);
    }

    private string Write(string settings)
    {
        string file = Path.Combine(_directory.Path, "settings.json");
        File.WriteAllText(file, settings);
        return file;
    }
}
