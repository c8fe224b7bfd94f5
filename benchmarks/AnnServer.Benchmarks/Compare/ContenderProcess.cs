using System.Diagnostics;

namespace AnnServer.Benchmarks.Compare;

/// <summary>The driver's side of the protocol: a contender in a process of its own, pinned to one core.</summary>
internal sealed class ContenderProcess : IDisposable
{
    private readonly Process _process;

    private ContenderProcess(Process process, ContenderReady ready)
    {
        _process = process;
        Ready = ready;
    }

    public ContenderReady Ready { get; }

    /// <summary>Returns when the contender's index stands, so that builds do not compete for the core.</summary>
    public static async Task<ContenderProcess> StartAsync(
        int core, IReadOnlyList<string> command, ContenderOptions options, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new("taskset") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])["-c", $"{core}", .. command, .. options.ToArguments()])
            start.ArgumentList.Add(argument);
        Process process = Process.Start(start) ?? throw new InvalidOperationException("taskset did not start.");
        try
        {
            return new ContenderProcess(process, ContenderProtocol.Parse<ContenderReady>(await ReadLineAsync(process, cancellationToken)));
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    public async Task<ContenderRound> RunAsync(int ef, CancellationToken cancellationToken)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(ContenderProtocol.Run(ef));
            await _process.StandardInput.FlushAsync(cancellationToken);
        }
        catch (IOException fault)
        {
            throw new InvalidOperationException(await EndOfAsync(_process, cancellationToken), fault);
        }
        return ContenderProtocol.Parse<ContenderRound>(await ReadLineAsync(_process, cancellationToken));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            // Closing its input ends a contender as well as 'quit' does, and cannot block.
            _process.StandardInput.Close();
            if (!_process.WaitForExit(TimeSpan.FromSeconds(5)))
                _process.Kill();
        }
        _process.Dispose();
    }

    private static async Task<string> ReadLineAsync(Process process, CancellationToken cancellationToken) =>
        await process.StandardOutput.ReadLineAsync(cancellationToken)
        ?? throw new InvalidOperationException(await EndOfAsync(process, cancellationToken));

    private static async Task<string> EndOfAsync(Process process, CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        return $"A contender ended with exit code {process.ExitCode}, see its messages above: {string.Join(' ', process.StartInfo.ArgumentList)}";
    }
}
