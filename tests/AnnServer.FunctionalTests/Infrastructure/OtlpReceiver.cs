using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>What a collector is to the server: a gRPC server that takes spans.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const int PrefixLength = 5;

    private readonly ConcurrentQueue<ReceivedSpan> _spans = [];
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app)
    {
        _app = app;
        app.Run(TakeAsync);
    }

    public string Address => _app.Urls.Single();

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public static async Task<OtlpReceiver> StartAsync(CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        OtlpReceiver receiver = new(builder.Build());
        await receiver._app.StartAsync(cancellation);
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (context.Request.Path == "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        {
            foreach (ReceivedSpan span in ReceivedSpan.ReadAll(body.ToArray().AsMemory(PrefixLength)))
            {
                _spans.Enqueue(span);
            }
        }

        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[PrefixLength], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
