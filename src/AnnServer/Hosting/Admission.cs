using System.Diagnostics.Metrics;
using System.IO.Pipelines;
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
    private const string Health = "/grpc.health.v1.Health";
    private const int ShareOfMemory = 16;

    private readonly int _mostCalls;
    private readonly Refusal _tooManyCalls;
    private readonly Refusal _tooManyBytes;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private readonly Counter<long> _refused;
    private long _calls;
    private long _bytes;

    public Admission(ServerOptions options, Turns turns, IMeterFactory meters, TimeProvider time)
    {
        _turns = turns;
        _time = time;
        _mostCalls = options.MaxCallsInFlight;
        _tooManyCalls = new Refusal(
            $"{_mostCalls} calls are being answered already, which is all that may be at once (Ann:MaxCallsInFlight); try again later.");
        MostBytes = options.MaxRequestBytesInFlight > 0
            ? options.MaxRequestBytesInFlight
            : Math.Max(options.MaxMessageBytes, AvailableMemory.Limit(options) / ShareOfMemory);
        _tooManyBytes = new Refusal(
            $"The requests that are being received or answered have {MostBytes} bytes already, which is all that they may (Ann:MaxRequestBytesInFlight); try again later.");
        Meter meter = meters.Create(LongWork.MeterName);
        meter.CreateObservableUpDownCounter("ann.calls.in_flight", () => Interlocked.Read(ref _calls), "{call}", "Calls that are being received or answered.");
        meter.CreateObservableUpDownCounter("ann.calls.bytes", () => Interlocked.Read(ref _bytes), "By", "Bytes of their requests.");
        _refused = meter.CreateCounter<long>("ann.calls.refused", "{call}", "Calls refused because there were too many, or too many bytes of them.");
    }

    /// <summary>Bytes of requests that may be held at once.</summary>
    public long MostBytes { get; }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.ContentType?.StartsWith(Refusal.ContentType, StringComparison.Ordinal) != true
            || context.Request.Path.StartsWithSegments(Health, StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        long calls = Interlocked.Increment(ref _calls);
        try
        {
            if (calls > _mostCalls)
            {
                _refused.Add(1);
                _tooManyCalls.Answer(context.Response);
                return;
            }

            EndpointMetadataCollection? metadata = context.GetEndpoint()?.Metadata;
            if (_turns.IsFull && metadata?.GetMetadata<TakesTurns>() is not null)
            {
                // Not at once: until it is answered it keeps a client that asks again from doing so, and connections have room for so many.
                // A server that is asked more often than it can even refuse answers nothing.
                Task delay = Task.Delay(_turns.RefusalDelay, _time, context.RequestAborted);
                await delay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _turns.Refuse().Answer(context.Response);
                return;
            }

            bool isUnary = metadata?.GetMetadata<GrpcMethodMetadata>()?.Method.Type == MethodType.Unary;
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
            _refused.Add(1);
            throw _tooManyBytes.ToException();
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

        private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read)
        {
            try
            {
                return Held(await read);
            }
            catch (IOException) when (isUnary)
            {
                // Nobody is to be answered, and no fault of the server is to be logged.
                throw new RpcException(new Status(StatusCode.Cancelled, "The client has given the call up."));
            }
        }

        private ReadResult Held(in ReadResult result)
        {
            _last = result;
            Count(result.Buffer.Length + _taken);
            return result;
        }

        private void Count(long bytes)
        {
            admission.Add(bytes - _counted);
            _counted = bytes;
        }
    }
}
