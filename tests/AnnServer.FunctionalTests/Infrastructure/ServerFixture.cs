using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>The real server on free ports of the loopback, over a directory of its own.</summary>
public class ServerFixture : IAsyncLifetime
{
    public const int MaxMessageBytes = 1 << 20;

    private readonly TempDirectory _directory = new();
    private readonly TempDirectory _backups = new();
    private ServerHost? _host;
    private GrpcChannel? _channel;

    /// <summary>Arguments of the next start beside those of every test, as in <c>--Ann:LongWorkers=1</c>.</summary>
    public IReadOnlyList<string> Settings { get; set; } = [];

    /// <summary>Gets what is logged beside <see cref="Log"/>.</summary>
    public ILoggerProvider? AlsoLog { get; set; }

    public string DataDirectory => _directory.Path;

    public string BackupDirectory => _backups.Path;

    public RecordingLoggerProvider Log { get; } = new();

    public GrpcChannel Channel => _channel ?? throw new InvalidOperationException("The server is not started.");

    public Uri HttpAddress => Host.HttpAddress;

    public Uri GrpcAddress => Host.GrpcAddress;

    public Collections.CollectionsClient Collections => new(Channel);

    public Points.PointsClient Points => new(Channel);

    public Admin.AdminClient Admin => new(Channel);

    internal ServerHost Host => _host ?? throw new InvalidOperationException("The server is not started.");

    public async ValueTask InitializeAsync() => await StartAsync();

    public async Task StartAsync()
    {
        _host = ServerHost.Build(
            [
                $"--Ann:DataDirectory={_directory.Path}", $"--Ann:BackupDirectory={_backups.Path}", "--Ann:GrpcPort=0", "--Ann:HttpPort=0",
                $"--Ann:MaxMessageBytes={MaxMessageBytes}", "--Ann:ShutdownTimeout=00:00:20",
                .. Settings,
            ],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(Log);
                if (AlsoLog is not null)
                {
                    builder.Logging.AddProvider(AlsoLog);
                }
            });
        await _host.StartAsync(TestContext.Current.CancellationToken);
        _channel = GrpcChannel.ForAddress(_host.GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxRetryAttempts = null });
    }

    /// <summary>Stops the server as SIGTERM does. The directory stays for <see cref="StartAsync"/>.</summary>
    public async Task StopAsync()
    {
        await Host.StopAsync(CancellationToken.None);
        _channel?.Dispose();
        await Host.DisposeAsync();
        _host = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await StopAsync();
        }

        _directory.Dispose();
        _backups.Dispose();
        Log.Dispose();
        GC.SuppressFinalize(this);
    }
}
