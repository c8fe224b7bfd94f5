using System.Diagnostics;
using AnnServer.Testing;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>The server as a process: its one line, its exit codes.</summary>
public sealed class ProcessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ThenSigterm_PrintsOneLineAndExitsZero()
    {
        using TempDirectory directory = new();
        using Process process = Start($"--Ann:DataDirectory={directory.Path}", "--Ann:GrpcPort=0", "--Ann:HttpPort=0");
        Task<string> errors = process.StandardError.ReadToEndAsync(Cancellation);

        string? line = await process.StandardOutput.ReadLineAsync(Cancellation);
        Assert.Matches($@"^AnnServer ready: grpc http://127\.0\.0\.1:\d+ http http://127\.0\.0\.1:\d+ data {directory.Path}$", line);
        using HttpClient http = new();
        string ready = await http.GetStringAsync(new Uri($"{line!.Split(' ')[5]}/readyz"), Cancellation);
        using Process kill = Process.Start("sh", ["-c", $"kill -TERM {process.Id}"]);
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal("ready\n", ready);
        Assert.Equal(0, process.ExitCode);
        Assert.Empty(await process.StandardOutput.ReadToEndAsync(Cancellation));
        Assert.DoesNotContain("fail:", await errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WrongSettings_ListsThemAllWithoutAStackTraceAndExitsOne()
    {
        using Process process = Start("--Ann:GrpcPort=x", "--Ann:HttpPort=-1");
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancellation);

        string errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(1, process.ExitCode);
        Assert.Empty(await output);
        Assert.Contains("Ann:GrpcPort is \"x\"", errors, StringComparison.Ordinal);
        Assert.Contains("Ann:HttpPort is \"-1\"", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", true, "AnnServer restore --from BACKUP --to DIRECTORY")]
    [InlineData("help", true, "AnnServer settings")]
    [InlineData("restor", false, "restor is unknown; AnnServer help lists the commands")]
    public async Task Run_HelpOrNoCommand_SaysWhatThereIsAndServesNothing(string argument, bool isHelp, string said)
    {
        using TempDirectory directory = new();
        using Process process = Start(argument, $"--Ann:DataDirectory={directory.Path}/data", "--Ann:GrpcPort=0", "--Ann:HttpPort=0");
        Task<string> printed = process.StandardOutput.ReadToEndAsync(Cancellation);

        string errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(isHelp ? 0 : 1, process.ExitCode);
        Assert.Contains(said, isHelp ? await printed : errors, StringComparison.Ordinal);
        Assert.Empty(isHelp ? errors : await printed);
        Assert.False(Directory.Exists($"{directory.Path}/data"));
    }

    [Fact]
    public async Task HangUp_SettingsHaveChanged_UsesThemAtOnceAndGoesOn()
    {
        using TempDirectory directory = new();
        string settings = Path.Combine(directory.Path, "settings.json");
        await File.WriteAllTextAsync(settings, "{}", Cancellation);
        using Process process = Start(
            $"--Ann:DataDirectory={directory.Path}/data", "--Ann:GrpcPort=0", "--Ann:HttpPort=0", $"--Ann:SettingsPath={settings}", "--Ann:ReloadInterval=01:00:00");
        Assert.NotNull(await process.StandardOutput.ReadLineAsync(Cancellation));

        await File.WriteAllTextAsync(settings, """{"Ann": {"MaxCallsInFlight": 5}}""", Cancellation);
        using Process hangUp = Process.Start("sh", ["-c", $"kill -HUP {process.Id}"]);
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync(Cancellation);
        }
        while (line?.Contains("Settings changed", StringComparison.Ordinal) == false);
        using Process terminate = Process.Start("sh", ["-c", $"kill -TERM {process.Id}"]);
        await process.WaitForExitAsync(Cancellation);

        Assert.Contains("in use: Ann:MaxCallsInFlight=5; from the next start on: nothing", line, StringComparison.Ordinal);
        Assert.Equal(0, process.ExitCode);
    }

    private static Process Start(params string[] args)
    {
        // What runs the tests may ignore the signal, as under nohup, and whom it starts would, too.
        ProcessStartInfo start = new("env", ["--default-signal=HUP", "dotnet", Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"), .. args])
        {
            // As for a service, which has no terminal.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
