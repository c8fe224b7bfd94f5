using System.Diagnostics.Metrics;
using System.IO.Pipelines;
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
    private const string ContentType = "application/grpc";
    private const string Health = "/grpc.health.v1.Health";
    private const int ShareOfMemory = 16;

    private readonly int _mostCalls;
    private readonly Refusals _refusals;
    private long _calls;
    private long _bytes;

    public Admission(ServerOptions options, IMeterFactory meters, Refusals refusals)
    {
        _refusals = refusals;
        _mostCalls = options.MaxCallsInFlight;
        MostBytes = options.MaxRequestBytesInFlight > 0
            ? options.MaxRequestBytesInFlight
            : Math.Max(options.MaxMessageBytes, AvailableMemory.Limit(options) / ShareOfMemory);
        Meter meter = meters.Create(LongWork.MeterName);
        meter.CreateObservableUpDownCounter("ann.calls.in_flight", () => Interlocked.Read(ref _calls), "{call}", "Calls that are being received or answered.");
        meter.CreateObservableUpDownCounter("ann.calls.bytes", () => Bytes, "By", "Bytes of their requests.");
    }

    /// <summary>Bytes of requests that may be held at once.</summary>
    public long MostBytes { get; }

    /// <summary>Bytes of requests that are held now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        bool isGrpc = context.Request.ContentType?.StartsWith(ContentType, StringComparison.Ordinal) == true
            && !context.Request.Path.StartsWithSegments(Health, StringComparison.Ordinal);
        if (!isGrpc && !context.IsJson())
        {
            await next(context);
            return;
        }

        long calls = Interlocked.Increment(ref _calls);
        try
        {
            if (calls > _mostCalls)
            {
                await _refusals.AnswerAsync(
                    context,
                    RefusalReason.Calls,
                    $"{_mostCalls} calls are being answered already, which is all that may be at once (Ann:MaxCallsInFlight); try again later.");
                return;
            }

            bool isUnary = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Type == MethodType.Unary;
            var metered = new MeteredBody(context.Request.BodyReader, this, isUnary);
            context.Features.Set<IRequestBodyPipeFeature>(metered);
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

    private void Add(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) > MostBytes && bytes > 0)
        {
            Interlocked.Add(ref _bytes, -bytes);
            throw _refusals.Refuse(
                RefusalReason.Bytes,
                $"The requests that are being received or answered have {MostBytes} bytes already, which is all that they may (Ann:MaxRequestBytesInFlight); try again later.");
        }
    }

    /// <summary>
    /// A request's body, whose bytes count while they are held: of a unary call until it is answered, since what was made of them is about as
    /// large; of a stream until they are read.
    /// </summary>
    private sealed class MeteredBody(PipeReader inner, Admission admission, bool isUnary) : PipeReader, IRequestBodyPipeFeature
    {
        private ReadResult _last;
        private long _taken;
        private long _counted;

        public PipeReader Reader => this;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
            return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Held(read.Result)) : AwaitAsync(read);
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }

            result = Held(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            long used = _last.Buffer.Slice(0, consumed).Length;
            _taken += isUnary ? used : 0;
            Count(_last.Buffer.Length - used + _taken);
            _last = default;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        /// <summary>When the call has been answered.</summary>
        public void Release() => Count(0);

        private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read) => Held(await read);

        private ReadResult Held(in ReadResult result)
        {
            try
            {
                Count(result.Buffer.Length + _taken);
            }
            catch (RpcException)
            {
                // Given back: over HTTP/1.1 what is left of the body is read past before the next request.
                inner.AdvanceTo(result.Buffer.Start);
                throw;
            }

            _last = result;
            return result;
        }

        private void Count(long bytes)
        {
            admission.Add(bytes - _counted);
            _counted = bytes;
        }
    }
}
