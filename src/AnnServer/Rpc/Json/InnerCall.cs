using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Net.Http.Headers;

namespace AnnServer.Rpc.Json;

/// <summary>
/// A call of gRPC, of one message each way, whose messages are not on a connection but in memory. Caller, peer, services, trace and end are
/// those of the request that it is made for.
/// </summary>
internal sealed class InnerCall : IRequestBodyPipeFeature, IHttpResetFeature, IDisposable
{
    // Before a message: whether it is compressed, and its length.
    private const int PrefixBytes = 5;

    private readonly MemoryStream _answer = new();
    private readonly AnswerBody _body;

    /// <param name="timeout">As gRPC writes it; null where there is none.</param>
    public InnerCall(HttpContext outer, Endpoint rpc, string path, IMessage message, string? timeout)
    {
        int length = message.CalculateSize();
        byte[] body = new byte[PrefixBytes + length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), length);
        message.WriteTo(body.AsSpan(PrefixBytes));
        Reader = PipeReader.Create(new ReadOnlySequence<byte>(body));

        HeaderDictionary headers = new() { [HeaderNames.Host] = outer.Request.Headers.Host, [HeaderNames.ContentType] = "application/grpc" };
        if (timeout is not null)
        {
            headers[CallDeadline.Header] = timeout;
        }

        FeatureCollection features = new();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = HttpMethods.Post,
            Protocol = HttpProtocol.Http2,
            Scheme = outer.Request.Scheme,
            Path = path,
            Headers = headers,
        });
        features.Set<IRequestBodyPipeFeature>(this);
        features.Set<IHttpResetFeature>(this);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        _body = new AnswerBody(_answer);
        features.Set<IHttpResponseBodyFeature>(_body);
        Share<IHttpConnectionFeature>(outer, features);
        Share<ITlsConnectionFeature>(outer, features);
        Share<IHttpRequestLifetimeFeature>(outer, features);
        Share<IHttpAuthenticationFeature>(outer, features);
        Share<IHttpActivityFeature>(outer, features);
        Share<IHttpMetricsTagsFeature>(outer, features);
        Context = new DefaultHttpContext(features) { RequestServices = outer.RequestServices };
        Context.SetEndpoint(rpc);
    }

    public HttpContext Context { get; }

    public PipeReader Reader { get; }

    /// <summary>The message, of a call that has ended well.</summary>
    public ReadOnlySpan<byte> Answer => _answer.GetBuffer().AsSpan(PrefixBytes, (int)_answer.Length - PrefixBytes);

    /// <summary>How the call has ended, once its endpoint has returned.</summary>
    public async Task<Google.Rpc.Status> EndAsync()
    {
        await _body.EndAsync();
        // The response never counts as started, so that what would be its trailers is among the headers.
        IHeaderDictionary headers = Context.Response.Headers;
        if (headers["grpc-status-details-bin"].ToString() is { Length: > 0 } details)
        {
            return Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '=')));
        }

        return new Google.Rpc.Status
        {
            Code = int.Parse(headers["grpc-status"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture),
            Message = Uri.UnescapeDataString(headers["grpc-message"].ToString()),
        };
    }

    /// <summary>Of a call whose deadline has passed. Without it the connection would be aborted, which is that of the request.</summary>
    public void Reset(int errorCode)
    {
    }

    public void Dispose() => _answer.Dispose();

    private static void Share<TFeature>(HttpContext outer, FeatureCollection features)
        where TFeature : class
    {
        if (outer.Features.Get<TFeature>() is { } feature)
        {
            features.Set(feature);
        }
    }

    /// <summary>
    /// Ends with the call. grpc-dotnet ends it when a deadline passes, beside a method that may be about to answer, and would log that as a fault.
    /// </summary>
    private sealed class AnswerBody(Stream answer) : StreamResponseBodyFeature(answer)
    {
        public override Task CompleteAsync() => Task.CompletedTask;

        public Task EndAsync() => base.CompleteAsync();
    }
}
