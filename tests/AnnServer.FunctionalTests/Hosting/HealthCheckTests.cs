using System.Diagnostics;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class HealthCheckTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task Run_ReadyThenGone_IsSilentThenSaysWhoDoesNotAnswer(string listenAddress)
    {
        await using ServerFixture server = new();
        await server.StartAsync();
        int port = server.HttpAddress.Port;
        string[] args = [HealthCheckCommand.Name, $"--Ann:HttpPort={port}", $"--Ann:ListenAddress={listenAddress}", "--Ann:Auth:AllowAnonymous=true"];

        string? ready = await HealthCheckCommand.RunAsync(args, Cancellation);
        await server.StopAsync();
        string? gone = await HealthCheckCommand.RunAsync(args, Cancellation);

        Assert.Null(ready);
        Assert.StartsWith($"http://127.0.0.1:{port}/readyz cannot be asked: ", gone, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WritesRefused_SaysWhy()
    {
        await using ServerFixture server = new() { Settings = [$"--Ann:MinFreeDiskBytes={long.MaxValue}"] };
        await server.StartAsync();

        string? reason = await HealthCheckCommand.RunAsync([HealthCheckCommand.Name, $"--Ann:HttpPort={server.HttpAddress.Port}"], Cancellation);

        Assert.Contains("answers 503: Writes are refused: ", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Ann:HttpPort=0", "Ann:HttpPort is 0")]
    [InlineData("--Ann:HttpPort=x", "Ann:HttpPort is \"x\"")]
    public async Task Run_NoPortToAsk_NamesTheSetting(string setting, string fault)
    {
        SettingsException refused = await Assert.ThrowsAsync<SettingsException>(
            () => HealthCheckCommand.RunAsync([HealthCheckCommand.Name, setting], Cancellation));

        Assert.Contains(fault, Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CertificateThatIsNone_NamesTheSetting()
    {
        string none = Path.Combine(AppContext.BaseDirectory, "appsettings.json");

        SettingsException refused = await Assert.ThrowsAsync<SettingsException>(() => HealthCheckCommand.RunAsync(
            [HealthCheckCommand.Name, $"--Ann:HealthCheck:CertificatePath={none}", $"--Ann:HealthCheck:KeyPath={none}"], Cancellation));

        Assert.StartsWith("Ann:HealthCheck (", Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_ReadyThenGone_ExitsZeroThenOne()
    {
        await using ServerFixture server = new();
        await server.StartAsync();
        int port = server.HttpAddress.Port;

        (int code, string output, string errors) ready = await CheckAsync(port);
        await server.StopAsync();
        (int code, string output, string errors) gone = await CheckAsync(port);

        Assert.Equal((0, "ready\n", ""), ready);
        Assert.Equal((1, ""), (gone.code, gone.output));
        Assert.StartsWith($"http://127.0.0.1:{port}/readyz cannot be asked: ", gone.errors, StringComparison.Ordinal);
    }

    /// <summary>The port by the environment, as in a container.</summary>
    private static async Task<(int Code, string Output, string Errors)> CheckAsync(int port)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"), HealthCheckCommand.Name])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["Ann__HttpPort"] = $"{port}" },
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(Cancellation);
        string output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, output, await errors);
    }
}
