using System.Net;
using AnnServer.LoadGen.Load;
using AnnServer.Protocol.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AnnServer.LoadGen.Tests.InMemory;

/// <summary>Speaks the wire contract over real HTTP/2, holds points in a dictionary and can be wrong on purpose.</summary>
internal sealed class InMemoryServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private InMemoryServer(WebApplication application) => _application = application;

    public static async Task<InMemoryServer> StartAsync(Metric metric = Metric.L2, Fault fault = Fault.None)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new PointTable(metric, fault));
        WebApplication application = builder.Build();
        application.MapGrpcService<InMemoryPoints>();
        application.MapGrpcService<InMemoryAdmin>();
        application.MapGrpcService<InMemoryCollections>();
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new InMemoryServer(application);
    }

    public string Address => _application.Urls.Single();

    public ServerConnections Connect(int connections) => new(new Uri(Address), connections);

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
