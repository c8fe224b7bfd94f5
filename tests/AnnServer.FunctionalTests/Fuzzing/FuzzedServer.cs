using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using AnnServer.Testing;
using Grpc.Net.Client;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>
/// The real server as a process of its own, with small limits, so that nothing that it accepts takes long or much. It logs errors and nothing
/// else.
/// </summary>
internal sealed partial class FuzzedServer : IAsyncDisposable
{
    public const int MaxMessageBytes = 1 << 20;
    public const int MaxBytesInFlight = 1 << 25;

    private readonly TempDirectory _data = new();
    private readonly TempDirectory _backups = new();
    private readonly ConcurrentQueue<string> _logged = new();
    private readonly HttpClient _http = new();
    private Process? _process;
    private GrpcChannel? _channel;

    private FuzzedServer()
    {
    }

    public Uri GrpcAddress { get; private set; } = null!;

    public Uri HttpAddress { get; private set; } = null!;

    public GrpcChannel Channel => _channel!;

    public static async Task<FuzzedServer> StartAsync(CancellationToken cancellation)
    {
        FuzzedServer server = new();
        ProcessStartInfo start = new(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"), $"--Ann:DataDirectory={server._data.Path}",
                $"--Ann:BackupDirectory={server._backups.Path}", "--Ann:GrpcPort=0", "--Ann:HttpPort=0", $"--Ann:MaxMessageBytes={MaxMessageBytes}",
                $"--Ann:MaxRequestBytesInFlight={MaxBytesInFlight}", "--Ann:MinFreeDiskBytes=0", "--Ann:CheckpointLogBytes=1048576",
                "--Ann:Limits:MaxCollections=8", "--Ann:Limits:MaxDimension=64", "--Ann:Limits:MaxPointsPerCollection=2000",
                "--Logging:LogLevel:Default=Error", "--Logging:LogLevel:Grpc=Error", "--Logging:LogLevel:Microsoft=Error",
                "--Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel=Warning",
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = server._process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrEmpty(line.Data) && IsFault(line.Data))
            {
                server._logged.Enqueue(line.Data);
            }
        };
        process.BeginErrorReadLine();
        string? ready = await process.StandardOutput.ReadLineAsync(cancellation);
        string[] words = ready?.Split(' ') ?? [];
        Assert.True(words is ["AnnServer", "ready:", "grpc", _, "http", ..], $"{ready} {string.Join('\n', server._logged)}");
        (server.GrpcAddress, server.HttpAddress) = (new Uri(words[3]), new Uri(words[5]));
        server._channel = GrpcChannel.ForAddress(server.GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        return server;
    }

    public long ResidentBytes()
    {
        _process!.Refresh();
        return _process.HasExited ? 0 : _process.WorkingSet64;
    }

    /// <summary>The server lives, and has logged no error.</summary>
    public void AssertSound()
    {
        Assert.False(_process!.HasExited, $"The server has ended: {string.Join('\n', _logged)}");
        Assert.True(_logged.IsEmpty, string.Join('\n', _logged));
    }

    /// <summary>Connections to the gRPC port, as the server counts them.</summary>
    public async Task<int> ConnectionsAsync(CancellationToken cancellation)
    {
        string metrics = await _http.GetStringAsync(new Uri(HttpAddress, "metrics"), cancellation);
        IEnumerable<Match> lines = Connections().Matches(metrics).Where(line => line.Value.Contains($"server_port=\"{GrpcAddress.Port}\"", StringComparison.Ordinal));
        return lines.Sum(static line => int.Parse(line.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
    }

    /// <summary>Stops as SIGTERM does, which is to end well after all that has come.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        _channel!.Dispose();
        using Process kill = Process.Start("sh", ["-c", $"kill -TERM {_process!.Id}"]);
        await _process.WaitForExitAsync(cancellation);
        Assert.True(_logged.IsEmpty, string.Join('\n', _logged));
        Assert.Equal(0, _process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _http.Dispose();
        _data.Dispose();
        _backups.Dispose();
    }

    // Everything on standard error: errors, and what a runtime that ends has to say. What is known of Kestrel and grpc-dotnet is left out by what
    // it is, and nothing else.
    private static bool IsFault(string line) => line.Contains(" warn: ", StringComparison.Ordinal)
        ? line.Contains("ended abnormally", StringComparison.Ordinal) && !FailedConnection().IsMatch(line)
        : !UnaryEndedByDeadline().IsMatch(line);

    // Kestrel only warns of connections that it has failed on. With two kinds of HEADERS it does, and ends just that connection: a header by the
    // index 0, which HPACK has not (of its two frames the inner one may have been inlined), and a padding that is longer than the frame.
    [GeneratedRegex(@"OnStaticIndexedHeader|IndexOutOfRangeException: .{0,80}HPackDecoder\.OnIndexedHeaderField|ArgumentOutOfRangeException: .{0,240}Http2Connection\.ProcessHeadersFrameAsync")]
    private static partial Regex FailedConnection();

    // grpc-dotnet writes the answer of a unary call after the method and all interceptors, and logs it as failed where the deadline has ended the
    // response just before.
    [GeneratedRegex(@"ServerCallHandler\[6\] Error when executing service method '\w+'\. System\.InvalidOperationException: Invalid ordering of calling StartAsync or CompleteAsync and Advance")]
    private static partial Regex UnaryEndedByDeadline();

    [GeneratedRegex(@"^kestrel_active_connections\{.*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex Connections();
}
