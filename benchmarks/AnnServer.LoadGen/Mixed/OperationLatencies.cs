using System.Collections.Concurrent;
using System.Diagnostics;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Reports;

namespace AnnServer.LoadGen.Mixed;

/// <summary>A latency recorder for each kind of operation.</summary>
internal sealed class OperationLatencies
{
    private readonly ConcurrentDictionary<string, LatencyRecorder> _recorders = new();

    public IReadOnlyList<OperationReport> Reports =>
        [.. _recorders.OrderBy(entry => entry.Key).Select(entry => new OperationReport(entry.Key, entry.Value.Summarize()))];

    public async Task<T> TimeAsync<T>(string operation, Func<Task<T>> call)
    {
        long sent = Stopwatch.GetTimestamp();
        T result = await call();
        _recorders.GetOrAdd(operation, _ => new LatencyRecorder()).Record(sent, Stopwatch.GetTimestamp());
        return result;
    }
}
