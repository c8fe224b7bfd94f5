using System.Diagnostics;
using System.Runtime.InteropServices;
using Grpc.Net.Client;

namespace AnnServer.CrashTests;

/// <summary>The real server as a process of its own, on free ports.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // SIGSTOP of Linux.
    private const int StopSignal = 19;

    private readonly Process _process;
    private readonly string _address;
    private readonly Task<string> _log;

    private ServerProcess(Process process, string address, Task<string> log, TimeSpan timeToReady)
    {
        _process = process;
        _address = address;
        _log = log;
        TimeToReady = timeToReady;
    }

    /// <summary>From the start of the process until it said so.</summary>
    public TimeSpan TimeToReady { get; }

    /// <summary>Returns when the server says that it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(
        string folder, int planningThreads, CancellationToken cancellation, params string[] settings)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"),
                $"--Ann:DataDirectory={folder}",
                "--Ann:GrpcPort=0",
                "--Ann:HttpPort=0",
                $"--Ann:PlanningThreads={planningThreads}",
                "--Ann:CheckpointLogBytes=1048576",
                .. settings,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A process that lives for a second does not profit from compiling anything a second time.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TC_CallCountThreshold"] = "1000";
        long started = Stopwatch.GetTimestamp();
        Process process = Process.Start(start)!;
        Task<string> log = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            string? line = await process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(Patience, cancellation);
            if (line?.Split(' ') is ["AnnServer", "ready:", "grpc", { } address, ..])
            {
                return new ServerProcess(process, address, log, Stopwatch.GetElapsedTime(started));
            }

            process.Kill();
            throw new InvalidOperationException($"The server did not start: {line} {await log}");
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>A connection of its own.</summary>
    public GrpcChannel Connect() => GrpcChannel.ForAddress(_address);

    /// <summary>SIGSTOP: returns when no thread runs any more, nor is inside a call of the system. Linux only.</summary>
    public async Task SuspendAsync()
    {
        if (Kill(_process.Id, StopSignal) != 0)
        {
            throw new InvalidOperationException($"The server cannot be stopped: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        using var patience = new CancellationTokenSource(Patience);
        while (Directory.EnumerateDirectories($"/proc/{_process.Id}/task").Any(static task => !IsStopped(task)))
        {
            await Task.Delay(1, patience.Token);
        }
    }

    /// <summary>SIGKILL: no handler of the process runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);

        // A kill damages no checkpoint; to start from the one before would hide that one did.
        string log = await _log;
        Assert.False(log.Contains("passed over", StringComparison.Ordinal), log);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    // The state follows the name, which is in brackets and may hold anything.
    private static bool IsStopped(string task) => File.ReadAllText(Path.Combine(task, "stat")) is var text && text[text.LastIndexOf(')') + 2] == 'T';

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
