using System.Diagnostics.Metrics;
using Grpc.Core;

namespace AnnServer.Hosting;

/// <summary>Refuses calls of which there are too many: RESOURCE_EXHAUSTED, with advice when to come again, counted by reason.</summary>
internal sealed class Refusals
{
    // As labels, by their numbers. Never who was refused, of whom there may be any number.
    private static readonly string[] Names = ["calls", "bytes", "caller_calls", "caller_rate"];

    private readonly long[] _counts = new long[Names.Length];

    public Refusals(IMeterFactory meters)
    {
        // Reported from the start, not from the first refusal on: a rate is the difference to what was there before.
        meters.Create(LongWork.MeterName).CreateObservableCounter(
            "ann.calls.refused", Counts, "{call}", "Calls refused because there were too many, or too many bytes of them.");
    }

    /// <summary>For a call whose messages are being read.</summary>
    public RpcException Refuse(RefusalReason reason, Refusal refusal)
    {
        Interlocked.Increment(ref _counts[(int)reason]);
        return refusal.ToException();
    }

    /// <summary>Answers a call of which nothing has been read.</summary>
    public Task AnswerAsync(HttpContext context, RefusalReason reason, Refusal refusal)
    {
        Interlocked.Increment(ref _counts[(int)reason]);
        return refusal.AnswerAsync(context);
    }

    private IEnumerable<Measurement<long>> Counts()
    {
        for (int i = 0; i < Names.Length; i++)
        {
            yield return new Measurement<long>(Interlocked.Read(ref _counts[i]), new KeyValuePair<string, object?>("ann.reason", Names[i]));
        }
    }
}
