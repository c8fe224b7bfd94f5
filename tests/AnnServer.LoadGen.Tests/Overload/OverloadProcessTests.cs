using System.Text.Json;
using AnnServer.LoadGen.Commands;

namespace AnnServer.LoadGen.Tests.Overload;

/// <summary>The whole command against the real server.</summary>
public sealed class OverloadProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ann-overload-").FullName;

    [Fact]
    public async Task Overload_ServerThatLetsFewCallsIn_RefusesAndAnswersTheOthers()
    {
        StringWriter errors = new();
        string report = Path.Combine(_folder, "overload.json");
        string markdown = Path.Combine(_folder, "overload.md");

        // Bounds that a few seconds on a busy machine say nothing about are as good as none.
        int exitCode = await LoadGenCommands.RunAsync(
            [
                "overload", "--server", Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"), "--data", Path.Combine(_folder, "data"),
                "--setting", "Ann:MaxCallsInFlight=4", "--points", "300", "--dimension", "8", "--batch", "2", "--connections", "3",
                "--unanswered", "1", "--times", "10", "--minutes", "0.15", "--peak-seconds", "1", "--calm-seconds", "3", "--idle", "2", "--stalled", "0",
                "--min-goodput", "0", "--max-p99", "60000", "--max-memory-growth", "1000", "--near", "1000000", "--deadline", "30",
                "--report", markdown, "--json", report,
            ],
            errors,
            TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), (exitCode, errors.ToString()));
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        JsonElement[] during = [.. document.RootElement.GetProperty("outcome").GetProperty("during").EnumerateArray()];
        Assert.True(Sum("accepted") > 0);
        Assert.True(Sum("refused") > 0);
        Assert.Equal(0, Sum("other"));
        Assert.Contains("| goodput in overload |", await File.ReadAllTextAsync(markdown, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        double Sum(string name) => during.Sum(sample => sample.GetProperty(name).GetDouble());
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
    }
}
