using System.Text.Json;
using AnnServer.LoadGen.Commands;

namespace AnnServer.LoadGen.Tests.Soak;

/// <summary>The whole command against the real server.</summary>
public sealed class SoakProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ann-soak-").FullName;

    [Fact]
    public async Task Soak_KilledAndStopped_LosesNothing()
    {
        StringWriter errors = new();
        string report = Path.Combine(_folder, "soak.json");
        string markdown = Path.Combine(_folder, "soak.md");

        // Bounds that a few seconds on a busy machine say nothing about are as good as none.
        int exitCode = await LoadGenCommands.RunAsync(
            [
                "soak", "--server", Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"), "--data", Path.Combine(_folder, "data"),
                "--minutes", "0.1", "--kill-every", "2", "--sample-every", "0.25", "--points", "500", "--dimension", "16", "--rate", "100",
                "--max-p99-ratio", "1000000", "--min-rate-done", "0", "--max-memory-growth", "1000", "--max-data-growth", "1000", "--max-ready", "60",
                "--max-recall-loss", "0.5", "--report", markdown, "--json", report,
            ],
            errors,
            TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), (exitCode, errors.ToString()));
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        JsonElement outcome = document.RootElement.GetProperty("outcome");
        Assert.Equal(0, outcome.GetProperty("lost").GetInt64());
        Assert.InRange(outcome.GetProperty("acknowledged").GetInt64(), 501, long.MaxValue);
        JsonElement[] restarts = [.. outcome.GetProperty("restarts").EnumerateArray()];
        Assert.Equal(3, restarts.Length);
        Assert.Equal([true, false, false], restarts.Select(restart => restart.GetProperty("is_kill").GetBoolean()));
        Assert.Contains("| lost or wrong points | 0 of ", await File.ReadAllTextAsync(markdown, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Soak_ServerThatDoesNotStart_SaysWhatItSaid()
    {
        StringWriter errors = new();

        int exitCode = await LoadGenCommands.RunAsync(
            [
                "soak", "--server", Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"), "--data", Path.Combine(_folder, "data"),
                "--setting", "Ann:MaxCallsInFlight=many",
            ],
            errors,
            TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.Contains("Ann:MaxCallsInFlight is \"many\"", errors.ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
    }
}
