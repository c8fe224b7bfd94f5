using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AnnServer.LoadGen.Processes;

/// <summary>The real server as a process of its own.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int TerminateSignal = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly Task _logging;

    private ServerProcess(Process process, Uri grpc, Uri http, Task logging, TimeSpan timeToReady)
    {
        _process = process;
        _logging = logging;
        Grpc = grpc;
        Http = http;
        TimeToReady = timeToReady;
    }

    public Uri Grpc { get; }

    public Uri Http { get; }

    public int Id => _process.Id;

    /// <summary>From the start of the process until it said so.</summary>
    public TimeSpan TimeToReady { get; }

    /// <summary>Returns when the server says that it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(ServerLaunch launch, CancellationToken cancellationToken)
    {
        (string file, IReadOnlyList<string> arguments) = launch.Command;
        ProcessStartInfo start = new(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        long started = Stopwatch.GetTimestamp();
        Process process = Process.Start(start)!;
        LogTail log = new(process.StandardError, launch.LogPath);
        Task logging = log.RunAsync();
        try
        {
            string? line = await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken);
            if (line?.Split(' ') is ["AnnServer", "ready:", "grpc", { } grpc, "http", { } http, ..])
                return new ServerProcess(process, new Uri(grpc), new Uri(http), logging, Stopwatch.GetElapsedTime(started));
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        process.Kill();
        await logging;
        throw new InvalidDataException($"The server did not start. The end of its log:\n{log.Text}");
    }

    /// <summary>SIGKILL: no handler of the process runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _logging;
    }

    /// <summary>SIGTERM. The exit code; null where the server was still there after the grace period, and was killed.</summary>
    public async Task<int?> TerminateAsync(TimeSpan grace)
    {
        if (Kill(_process.Id, TerminateSignal) != 0)
            throw new IOException($"The server cannot be told to stop: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(grace);
        }
        catch (TimeoutException)
        {
            await KillAsync();
            return null;
        }
        await _logging;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
