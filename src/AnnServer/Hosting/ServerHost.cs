using System.IO.Compression;
using AnnServer.Rpc;
using AnnServer.Rpc.Json;
using AnnServer.Security;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AnnServer.Hosting;

/// <summary>
/// The whole server: built from command line and configuration, started, stopped. Order of starting: settings, then the database beside the
/// ports, ready. Order of stopping: not ready, running calls, database.
/// </summary>
internal sealed class ServerHost : IAsyncDisposable
{
    // It would watch the files itself, and use what they say whether or not it can be used.
    private const string NoWatch = "--hostBuilder:reloadConfigOnChange=false";

    private const string LogTimestamp = "yyyy-MM-ddTHH:mm:ss.fffZ";

    private readonly WebApplication _app;
    private readonly ServerOptions _options;
    private readonly IReadOnlyList<string> _unknownSettings;
    private readonly DatabaseHost _database;
    private readonly ILogger _logger;

    private ServerHost(WebApplication app, ServerOptions options, IReadOnlyList<string> unknownSettings)
    {
        _app = app;
        _options = options;
        _unknownSettings = unknownSettings;
        _database = app.Services.GetRequiredService<DatabaseHost>();
        _logger = app.Services.GetRequiredService<ILogger<ServerHost>>();
    }

    /// <summary>With the port that was taken, once started.</summary>
    public Uri GrpcAddress => ListeningOn(0);

    public Uri HttpAddress => ListeningOn(1);

    public string ReadyLine =>
        $"AnnServer ready: grpc {Origin(GrpcAddress)} http {Origin(HttpAddress)} data {_options.DataDirectory}";

    public IServiceProvider Services => _app.Services;

    /// <exception cref="SettingsException">Lists every setting that is wrong.</exception>
    public static ServerHost Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // appsettings.json lies beside the program; relative data directories are relative to where the user stands.
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { Args = [NoWatch, .. args], ContentRootPath = AppContext.BaseDirectory });
        SettingsSources sources = new(builder.Configuration);
        AcceptedSettings accepted = new(sources.Read());
        ServerOptions options = ServerOptionsReader.Read(accepted.Settings, out IReadOnlyList<string> unknown);
        builder.Configuration.Sources.Clear();
        builder.Configuration.Sources.Add(accepted);

        SecurityFiles files = SecurityFiles.Open(options);
        Turns.ReserveThreads();

        AddLogging(builder.Logging, options);
        AddServices(builder.Services, options, files);
        builder.Services.AddSingleton(sources).AddSingleton(accepted).AddSingleton<SettingsReload>().AddHostedService<ReloadWatch>();
        builder.Services.AddTelemetry(options, builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options, files));
        configure?.Invoke(builder);

        return new ServerHost(builder.Build(), options, unknown);
    }

    /// <summary>Returns when everything is served.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        TimeProvider time = _app.Services.GetRequiredService<TimeProvider>();
        long start = time.GetTimestamp();
        foreach (string key in _unknownSettings)
        {
            _logger.UnknownSetting(key);
        }

        _logger.Effective(_options);
        if (_options.Auth.AllowAnonymous)
        {
            _logger.Anonymous(_options.ListenAddress);
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _app.Lifetime.ApplicationStopping);
        // Beside the ports, which take a quarter of a second: half of what an empty database does.
        Task opening = _database.OpenAsync(stop.Token);
        try
        {
            MapEndpoints();
            await _app.StartAsync(cancellation);
            _logger.Opening(Path.GetFullPath(_options.DataDirectory), GrpcAddress, HttpAddress);
        }
        catch
        {
            // Without ports there is no server: the files are let go before anybody hears of it.
            await stop.CancelAsync();
            await Task.WhenAny(opening);
            throw;
        }

        await opening;
        _logger.Ready(time.GetElapsedTime(start));
    }

    /// <summary>Returns after SIGTERM, SIGINT or <see cref="StopAsync"/>, when everything is durable and closed.</summary>
    public async Task WaitForShutdownAsync()
    {
        await _app.WaitForShutdownAsync();
        await CloseAsync();
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        await _app.StopAsync(cancellation);
        await CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
    }

    private void MapEndpoints()
    {
        _app.UseBrowsers(_options);
        _app.UseJsonCompression(_options);
        // Within gRPC-Web, which takes the trailers away with it.
        _app.UseRpcTelemetry();
        // Reports by itself, and so is asked for by nobody.
        _app.Services.GetRequiredService<SharedMemory>();
        Admission admission = _app.Services.GetRequiredService<Admission>();
        _app.Use(next => context => admission.InvokeAsync(context, next));
        _app.UseSecurity(_options);
        _app.MapHealth();
        _app.MapGrpcService<CollectionsService>();
        _app.MapGrpcService<PointsService>();
        _app.MapGrpcService<AdminService>();
        _app.MapJson(_options);
        IEndpointConventionBuilder reflection = _app.MapGrpcReflectionService();
        if (_options.Auth.OpenReflection)
        {
            reflection.AllowAnonymous();
        }
    }

    private async Task CloseAsync()
    {
        await _database.DisposeAsync();
        _logger.Stopped();
    }

    private static void AddLogging(ILoggingBuilder logging, ServerOptions options)
    {
        logging.Configure(static factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        // Standard output is kept for the one line that says where the server is.
        logging.AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (options.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(static json =>
                // Trace and span identifiers are a scope; it is there only while calls are traced.
                (json.TimestampFormat, json.UseUtcTimestamp, json.IncludeScopes) = (LogTimestamp, true, true));
        }
        else
        {
            logging.AddSimpleConsole(static text => (text.TimestampFormat, text.UseUtcTimestamp, text.SingleLine) = (LogTimestamp + ' ', true, true));
        }
    }

    private static void AddServices(IServiceCollection services, ServerOptions options, SecurityFiles files)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<LiveOptions>();
        services.AddSingleton<DatabaseHost>();
        services.AddSingleton<LongWork>();
        services.AddSingleton<Refusals>();
        services.AddSingleton<Turns>();
        services.AddSingleton<Admission>();
        services.AddSingleton<SharedMemory>();
        services.AddSingleton<StreamDrain>();
        services.AddHostedService(static provider => provider.GetRequiredService<StreamDrain>());
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxMessageBytes;
            grpc.MaxSendMessageSize = options.MaxMessageBytes;
        }).AddSecurity(options, files);
        services.AddOptions<GrpcServiceOptions>().Configure<Admission>((grpc, admission) => grpc.CompressionProviders =
        [
            new CheckedCompression(new GzipCompressionProvider(CompressionLevel.Fastest), options.MaxMessageBytes, admission),
            new CheckedCompression(new DeflateCompressionProvider(CompressionLevel.Fastest), options.MaxMessageBytes, admission),
        ]);
        services.RemoveAll(typeof(IServiceMethodProvider<>)).AddSingleton(typeof(IServiceMethodProvider<>), typeof(CheckedMethodProvider<>));
        services.AddGrpcReflection();
        services.AddHealth();
        services.AddBrowsers(options);
        services.AddJsonCompression(options);
        // Without these grpc-dotnet makes a new service for every call.
        services.AddSingleton<CollectionsService>();
        services.AddSingleton<PointsService>();
        services.AddSingleton<AdminService>();
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options, SecurityFiles files)
    {
        kestrel.AddServerHeader = false;
        // The message limit of gRPC is the limit, and its error names itself; Kestrel's 30 MB would come first.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = options.MaxStreamsPerConnection;
        // A batch of vectors is megabytes: windows of this size keep it from waiting a round trip for every 768 KiB.
        kestrel.Limits.Http2.InitialConnectionWindowSize = 16 * 1024 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 8 * 1024 * 1024;
        // A client that is gone without a word must not hold its streams for ever: it has 20 seconds to answer a ping.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        ConnectionDelegate? http2 = null;
        kestrel.Listen(options.ListenAddress, options.GrpcPort, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => new Http1Hint(http2 = next, () => HttpPort(listen.ApplicationServices)).OnConnectionAsync);
            listen.UseTls(files, demand: true);
        });
        kestrel.Listen(options.ListenAddress, options.HttpPort, listen =>
        {
            listen.Protocols = options.JsonEnabled && files.Tls is not null ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
            listen.Use(static next => connection =>
            {
                connection.Features.Set(HttpPortMark.Instance);
                return next(connection);
            });
            if (options.JsonEnabled && files.Tls is null)
            {
                // Endpoints are built in the order in which they are listed.
                listen.Use(next => new CleartextHttp2(next, http2!).OnConnectionAsync);
            }

            // Those who ask for health have no certificate; what else there is asks for one itself.
            listen.UseTls(files, demand: false);
        });
    }

    private static int HttpPort(IServiceProvider services) => new Uri(Addresses(services).Last()).Port;

    private Uri ListeningOn(int endpoint) => new(Addresses(_app.Services).ElementAt(endpoint));

    // Kestrel reports its endpoints in the order in which they were configured.
    private static ICollection<string> Addresses(IServiceProvider services) =>
        services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;

    private static string Origin(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
