using System.Diagnostics.Metrics;
using AnnServer.Engine.Model;
using AnnServer.Rpc;
using AnnServer.Rpc.Json;
using Grpc.Core;

namespace AnnServer.Hosting;

/// <summary>Refuses calls of which there are too many: RESOURCE_EXHAUSTED, with advice when to come again, counted by reason.</summary>
internal sealed class Refusals
{
    private const string ContentType = "application/grpc";

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
    public RpcException Refuse(RefusalReason reason, string message)
    {
        Interlocked.Increment(ref _counts[(int)reason]);
        return StatusMapper.ToException(EngineError.Of(EngineStatus.ResourceExhausted, message));
    }

    /// <summary>Answers a call of which nothing has been read.</summary>
    public Task AnswerAsync(HttpContext context, RefusalReason reason, string message)
    {
        RpcException refusal = Refuse(reason, message);
        if (context.IsJson())
        {
            return JsonAnswer.WriteErrorAsync(context, refusal);
        }

        // A response that has trailers and nothing before them: they go where headers do.
        context.Response.ContentType = ContentType;
        context.Response.Headers["grpc-status"] = ((int)refusal.StatusCode).ToString();
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(refusal.Status.Detail);
        foreach (Metadata.Entry entry in refusal.Trailers)
        {
            context.Response.Headers[entry.Key] = entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;
        }

        return Task.CompletedTask;
    }

    private IEnumerable<Measurement<long>> Counts()
    {
        for (int i = 0; i < Names.Length; i++)
        {
            yield return new Measurement<long>(Interlocked.Read(ref _counts[i]), new KeyValuePair<string, object?>("ann.reason", Names[i]));
        }
    }
}
