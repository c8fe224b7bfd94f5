using System.Threading.RateLimiting;
using AnnServer.Hosting;
using AnnServer.Security.Keys;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace AnnServer.Security.Limits;

/// <summary>
/// Lets each caller have so many calls at once and so many requests a second; what is beyond is refused before it is read. A caller is the
/// name of a key, the subject of a token or of a client certificate, and, where nobody is asked who they are, a remote address. Health
/// checks, reflection and HTTP are not limited.
/// </summary>
internal sealed class CallerAdmission : IDisposable
{
    private const string Anonymous = "Address";

    private readonly LiveOptions _options;
    private readonly Refusals _refusals;
    private readonly ApiKeys? _keys;

    // Both forget a caller who has had nothing to wait for for some seconds.
    private readonly PartitionedRateLimiter<LimitedCaller> _calls = PartitionedRateLimiter.Create<LimitedCaller, LimitedCaller>(
        static caller => RateLimitPartition.Get(caller, static caller => Calls(caller.Limits)));

    private readonly PartitionedRateLimiter<LimitedCaller> _requests = PartitionedRateLimiter.Create<LimitedCaller, LimitedCaller>(
        static caller => RateLimitPartition.Get(caller, static caller => new RequestBucket(caller.Limits)));

    public CallerAdmission(LiveOptions options, Refusals refusals, ApiKeys? keys = null)
    {
        _options = options;
        _refusals = refusals;
        _keys = keys;
    }

    // Each key may have its own.
    private bool IsNobodyLimited => _keys is null && ServerLimits.AreNone;

    private CallerLimits ServerLimits => CallerLimits.Of(_options.Current);

    /// <summary>Once it is known who calls.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (IsNobodyLimited || !RpcRules.IsOurs(context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName))
        {
            return next(context);
        }

        LimitedCaller caller = Find(context);
        return caller.Limits.AreNone ? next(context) : InvokeAsync(context, next, caller);
    }

    /// <summary>
    /// The messages of a stream, of which each is a request: the first that is one too many ends it. After the rights have been asked for: a
    /// message that may not pass costs its caller nothing.
    /// </summary>
    public AdmittedReader<TMessage> Limit<TMessage>(IAsyncStreamReader<TMessage> messages, ServerCallContext context)
        where TMessage : class
    {
        // The call has paid for it.
        bool isFirst = true;
        return new AdmittedReader<TMessage>(messages, _ =>
        {
            if (!isFirst)
            {
                AdmitNext(context);
            }

            isFirst = false;
        });
    }

    public void Dispose()
    {
        _calls.Dispose();
        _requests.Dispose();
    }

    private static ConcurrencyLimiter Calls(in CallerLimits limits) =>
        new(new ConcurrencyLimiterOptions { PermitLimit = limits.MaxCallsInFlight, QueueLimit = 0 });

    private static Refusal TooManyRequests(in LimitedCaller caller) => new(
        $"'{AuditLog.Printable(caller.Name)}' has made as many requests as it may, {caller.Limits.RequestsPerSecond} a second and {caller.Limits.EffectiveBurst} at once (Ann:RequestsPerSecondPerCaller, or requests_per_second of its key); try again later.");

    private static Refusal TooManyCalls(in LimitedCaller caller) => new(
        $"{caller.Limits.MaxCallsInFlight} calls of '{AuditLog.Printable(caller.Name)}' are being answered already, which is all that it may have at once (Ann:MaxCallsInFlightPerCaller, or max_calls_in_flight of its key); try again later.");

    private async Task InvokeAsync(HttpContext context, RequestDelegate next, LimitedCaller caller)
    {
        using RateLimitLease? call = caller.Limits.MaxCallsInFlight > 0 ? _calls.AttemptAcquire(caller) : null;
        if (call is { IsAcquired: false })
        {
            await _refusals.AnswerAsync(context, RefusalReason.CallerCalls, TooManyCalls(caller));
        }
        else if (!MayRequest(caller))
        {
            await _refusals.AnswerAsync(context, RefusalReason.CallerRate, TooManyRequests(caller));
        }
        else
        {
            await next(context);
        }
    }

    private void AdmitNext(ServerCallContext context)
    {
        if (IsNobodyLimited)
        {
            return;
        }

        LimitedCaller caller = Find(context.GetHttpContext());
        if (!MayRequest(caller))
        {
            throw _refusals.Refuse(RefusalReason.CallerRate, TooManyRequests(caller));
        }
    }

    private bool MayRequest(in LimitedCaller caller)
    {
        if (caller.Limits.RequestsPerSecond == 0)
        {
            return true;
        }

        using RateLimitLease request = _requests.AttemptAcquire(caller);
        return request.IsAcquired;
    }

    private LimitedCaller Find(HttpContext context)
    {
        if (context.User.Identity is not Caller caller)
        {
            return new LimitedCaller(Anonymous, RemoteNetwork.Of(context.Connection.RemoteIpAddress).ToString(), ServerLimits);
        }

        // A stream may have been opened under limits that its key has no more.
        Caller current = caller.KeyHash.Length > 0 ? _keys?.Find(caller.KeyHash) ?? caller : caller;
        return new LimitedCaller(caller.AuthenticationType!, caller.Name, current.Limits?.Over(ServerLimits) ?? ServerLimits);
    }
}
