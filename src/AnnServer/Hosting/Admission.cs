using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using AnnServer.Rpc.Json;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
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

    private readonly int _mostCalls;
    private readonly Refusals _refusals;
    private readonly Refusal _tooManyCalls;
    private readonly Refusal _tooManyBytes;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private readonly AsyncLocal<MeteredBody?> _compressed = new();
    private long _calls;
    private long _bytes;

    public Admission(ServerOptions options, Turns turns, IMeterFactory meters, TimeProvider time, Refusals refusals)
    {
        _turns = turns;
        _time = time;
        _refusals = refusals;
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
        meter.CreateObservableUpDownCounter("ann.calls.bytes", () => Bytes, "By", "Bytes of their requests.");
    }

    /// <summary>Bytes of requests that may be held at once.</summary>
    public long MostBytes { get; }

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
            if (calls > _mostCalls)
            {
                await _refusals.AnswerAsync(context, RefusalReason.Calls, _tooManyCalls);
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

    private void Add(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) > MostBytes && bytes > 0)
        {
            Interlocked.Add(ref _bytes, -bytes);
            throw _refusals.Refuse(RefusalReason.Bytes, _tooManyBytes);
        }
    }

    /// <summary>
    /// A request's body, whose bytes count while they are held: of a unary call until it is answered, since what was made of them is about as
    /// large; of a stream until they are read.
    /// </summary>
    /// <param name="admission">Null where nothing is counted.</param>
    /// <param name="isFramed">Whether messages have a prefix, as in gRPC.</param>
    private sealed class MeteredBody(PipeReader inner, Admission? admission, bool isUnary, bool isFramed) : PipeReader, IRequestBodyPipeFeature
    {
        private ReadResult _last;
        private long _taken;
        private long _decompressed;
        private long _counted;

        public PipeReader Reader => this;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
                return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Held(read.Result)) : AwaitAsync(read);
            }
            catch (Exception e) when (IsGone(e))
            {
                throw Gone();
            }
        }

        public override bool TryRead(out ReadResult result)
        {
            try
            {
                if (!inner.TryRead(out result))
                {
                    return false;
                }
            }
            catch (Exception e) when (IsGone(e))
            {
                throw Gone();
            }

            result = Held(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            long used = _last.Buffer.Slice(0, consumed).Length;
            _taken += isUnary ? used : 0;
            Count(_last.Buffer.Length - used + _taken + _decompressed);
            _last = default;
            try
            {
                inner.AdvanceTo(consumed, examined);
            }
            catch (Exception e) when (IsGone(e))
            {
                throw Gone();
            }
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public void BeginDecompressing()
        {
            if (!isUnary)
            {
                // Of a stream one message at a time is read.
                Decompressed((int)-_decompressed);
            }
        }

        public void Decompressed(int bytes)
        {
            _decompressed += bytes;
            Count(_counted + bytes);
        }

        /// <summary>When the call has been answered.</summary>
        public void Release() => Count(0);

        private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read)
        {
            try
            {
                return Held(await read);
            }
            catch (Exception e) when (IsGone(e))
            {
                throw Gone();
            }
        }

        // A client that is gone in the middle of its request is no error of the server. grpc-dotnet knows that only where the call has been
        // cancelled before the read fails, which is left to chance.
        private static bool IsGone(Exception e) => e is IOException or ConnectionAbortedException;

        // Without what was thrown: grpc-dotnet would log that as an error.
        private static RpcException Gone() => new(new Status(StatusCode.Cancelled, "The request has ended before all of it was received."));

        private ReadResult Held(in ReadResult result)
        {
            try
            {
                if (isFramed)
                {
                    FramePrefix.Check(result.Buffer);
                }

                Count(result.Buffer.Length + _taken + _decompressed);
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
            admission?.Add(bytes - _counted);
            _counted = bytes;
        }
    }
}
