using System.Diagnostics;

namespace AnnServer.LoadGen.Processes;

/// <summary>Keeps this process to some processors, so that on one machine client and server do not take them from each other.</summary>
internal static class OwnProcessors
{
    /// <param name="processors">As <c>taskset</c> writes them: 1, or 0,2-3.</param>
    public static async Task KeepToAsync(string processors, CancellationToken cancellationToken)
    {
        // All threads that there are; those to come inherit it.
        ProcessStartInfo start = new("taskset", ["-a", "-p", "-c", processors, $"{Environment.ProcessId}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process taskset = Process.Start(start)!;
        Task<string> output = taskset.StandardOutput.ReadToEndAsync(cancellationToken);
        string errors = await taskset.StandardError.ReadToEndAsync(cancellationToken);
        await output;
        await taskset.WaitForExitAsync(cancellationToken);
        if (taskset.ExitCode != 0)
            throw new InvalidDataException($"Not processors of this machine: {processors}. {errors.Trim()}");
    }
}
