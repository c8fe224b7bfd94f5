using System.Collections.Concurrent;
using Grpc.Core;

namespace AnnServer.LoadGen.Load;

/// <summary>Failed calls by status, with the first detail of each so that a run can be understood from its report.</summary>
internal sealed class ErrorTally
{
    private readonly ConcurrentDictionary<StatusCode, long> _counts = new();
    private readonly ConcurrentDictionary<StatusCode, string> _firstDetails = new();

    public long Total => _counts.Values.Sum();

    public IReadOnlyDictionary<string, long> Counts => _counts.ToDictionary(entry => entry.Key.ToString(), entry => entry.Value);

    public IReadOnlyDictionary<string, string> FirstDetails =>
        _firstDetails.ToDictionary(entry => entry.Key.ToString(), entry => entry.Value);

    public void Add(RpcException failure)
    {
        _counts.AddOrUpdate(failure.StatusCode, 1, (_, count) => count + 1);
        _firstDetails.TryAdd(failure.StatusCode, failure.Status.Detail);
    }
}
