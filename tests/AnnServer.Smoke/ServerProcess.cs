using System.Diagnostics;
using Grpc.Net.Client;

namespace AnnServer.Smoke;

/// <summary>A server started by a command, and a channel to it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, string grpcAddress, string httpAddress)
    {
        _process = process;
        HttpAddress = new Uri(httpAddress);
        Channel = GrpcChannel.ForAddress(grpcAddress);
    }

    public GrpcChannel Channel { get; }

    public Uri HttpAddress { get; }

    /// <summary>Returns when the server has printed where it listens.</summary>
    public static async Task<ServerProcess> StartAsync(string[] command, CancellationToken cancellation)
    {
        Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        // dotnet run may print before the server does.
        while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Split(' ') is ["AnnServer", "ready:", "grpc", { } grpc, "http", { } http, ..])
            {
                return new ServerProcess(process, grpc, http);
            }
        }

        throw new InvalidOperationException("The server ended without saying that it is ready.");
    }

    /// <summary>SIGKILL to the server and whatever started it: nothing is flushed.</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(cancellation);
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync(CancellationToken cancellation)
    {
        // The kill of the shell: a minimal machine has no program of that name.
        using Process kill = Process.Start("sh", ["-c", $"kill -TERM {_process.Id}"]);
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Channel.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
