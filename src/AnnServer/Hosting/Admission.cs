using System.Diagnostics.Metrics;
using AnnServer.Rpc.Json;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace AnnServer.Hosting;

/// <summary>
/// Lets calls in: so many at once, with so many bytes of requests. What is beyond is refused before it is read, so that a server with too much
/// to do answers what it has in bounded time and memory. Health checks always pass.
/// </summary>
internal sealed class Admission
{
    private const string Encoding = "grpc-encoding";
    private const string Health = "/grpc.health.v1.Health";
    private const int ShareOfMemory = 16;

    private readonly MadeOfOptions<Bounds> _bounds;
    private readonly Refusals _refusals;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private readonly AsyncLocal<MeteredBody?> _compressed = new();
    private long _calls;
    private long _bytes;

    public Admission(LiveOptions options, Turns turns, IMeterFactory meters, TimeProvider time, Refusals refusals)
    {
        _turns = turns;
        _time = time;
        _refusals = refusals;
        _bounds = new MadeOfOptions<Bounds>(options, static options => new Bounds(options));
        Meter meter = meters.Create(LongWork.MeterName);
        meter.CreateObservableUpDownCounter("ann.calls.in_flight", () => Interlocked.Read(ref _calls), "{call}", "Calls that are being received or answered.");
        meter.CreateObservableUpDownCounter("ann.calls.bytes", () => Bytes, "By", "Bytes of their requests.");
    }

    /// <summary>Bytes of requests that are held now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        bool isJson = context.IsJson();
        if (!isJson && context.Request.ContentType?.StartsWith(Refusal.ContentType, StringComparison.Ordinal) != true)
        {
            await next(context);
            return;
        }

        if (context.Request.Path.StartsWithSegments(Health, StringComparison.Ordinal))
        {
            context.Features.Set<IRequestBodyPipeFeature>(new MeteredBody(context.Request.BodyReader, null, isUnary: true, isFramed: true));
            await next(context);
            return;
        }

        long calls = Interlocked.Increment(ref _calls);
        try
        {
            Bounds bounds = _bounds.Value;
            if (calls > bounds.Calls)
            {
                await _refusals.AnswerAsync(context, RefusalReason.Calls, bounds.TooManyCalls);
                return;
            }

            EndpointMetadataCollection? metadata = context.GetEndpoint()?.Metadata;
            if (_turns.IsFull && metadata?.GetMetadata<TakesTurns>() is not null)
            {
                // Not at once: until it is answered it keeps a client that asks again from doing so, and connections have room for so many.
                // A server that is asked more often than it can even refuse answers nothing.
                Task delay = Task.Delay(_turns.RefusalDelay, _time, context.RequestAborted);
                await delay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await _turns.Refuse().AnswerAsync(context);
                return;
            }

            bool isUnary = metadata?.GetMetadata<GrpcMethodMetadata>()?.Method.Type == MethodType.Unary;
            var metered = new MeteredBody(context.Request.BodyReader, this, isUnary, isFramed: !isJson);
            context.Features.Set<IRequestBodyPipeFeature>(metered);
            if (context.Request.Headers.ContainsKey(Encoding))
            {
                // Flows down to where grpc-dotnet reads a message, and no further than this call; few calls pay for it.
                _compressed.Value = metered;
            }

            try
            {
                await next(context);
            }
            finally
            {
                metered.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    /// <summary>A message of the call that this is a part of is about to be decompressed.</summary>
    public void BeginDecompressing() => _compressed.Value?.BeginDecompressing();

    /// <summary>So many bytes more have come of it, which count like those that it came of.</summary>
    public void Decompressed(int bytes) => _compressed.Value?.Decompressed(bytes);

    /// <summary>So many bytes more are held, or less.</summary>
    /// <exception cref="Grpc.Core.RpcException">RESOURCE_EXHAUSTED: too many are.</exception>
    public void Add(long bytes)
    {
        Bounds bounds = _bounds.Value;
        if (Interlocked.Add(ref _bytes, bytes) > bounds.Bytes && bytes > 0)
        {
            Interlocked.Add(ref _bytes, -bytes);
            throw _refusals.Refuse(RefusalReason.Bytes, bounds.TooManyBytes);
        }
    }

    private sealed class Bounds
    {
        public Bounds(ServerOptions options)
        {
            Calls = options.MaxCallsInFlight;
            TooManyCalls = new Refusal(
                $"{Calls} calls are being answered already, which is all that may be at once (Ann:MaxCallsInFlight); try again later.");
            Bytes = options.MaxRequestBytesInFlight > 0
                ? options.MaxRequestBytesInFlight
                : Math.Max(options.MaxMessageBytes, AvailableMemory.Limit(options) / ShareOfMemory);
            TooManyBytes = new Refusal(
                $"The requests that are being received or answered have {Bytes} bytes already, which is all that they may (Ann:MaxRequestBytesInFlight); try again later.");
        }

        public int Calls { get; }

        public Refusal TooManyCalls { get; }

        public long Bytes { get; }

        public Refusal TooManyBytes { get; }
    }
}
