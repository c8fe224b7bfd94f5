using System.Net;
using AnnServer.Engine.Model;
using AnnServer.Security;
using AnnServer.Security.Tls;

namespace AnnServer.Hosting;

/// <summary>The settings of the section <c>Ann</c>, checked. The defaults are also in appsettings.json, where a user looks for them.</summary>
internal sealed record ServerOptions
{
    public const string Section = "Ann";

    /// <summary>Another file of settings, over appsettings.json; below the environment and the command line.</summary>
    public string? SettingsPath { get; init; }

    public string DataDirectory { get; init; } = "./data";

    /// <summary>Where backups are made, each in a folder of its own; null where none can be made.</summary>
    public string? BackupDirectory { get; init; }

    /// <summary>Loopback until the operator decides who may reach the server; beyond it, authentication is demanded.</summary>
    public IPAddress ListenAddress { get; init; } = IPAddress.Loopback;

    /// <summary>gRPC over HTTP/2; 0 takes a free port.</summary>
    public int GrpcPort { get; init; } = 50051;

    /// <summary>Health and metrics over HTTP/1.1; 0 takes a free port.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>Bytes of one message, received or sent. A full batch of 10,000 points of 1536 dimensions is 61 MB.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// Calls running at once on one connection. Kestrel's 100 would throttle a load generator that keeps one connection, and streams that stay
    /// open; but what a client has beyond them waits with it, where it costs an overloaded server nothing.
    /// </summary>
    public int MaxStreamsPerConnection { get; init; } = 1000;

    /// <summary>
    /// Distances beyond which a search, or points beyond which a scroll or a filtered count or delete, runs on <see cref="LongWork"/>:
    /// about three milliseconds of a core at 128 dimensions.
    /// </summary>
    public int LongWorkDistances { get; init; } = 50_000;

    /// <summary>Threads for long work; 0 takes as many as there are processors.</summary>
    public int LongWorkers { get; init; }

    /// <summary>Long calls that may wait for a thread; one more is refused.</summary>
    public int LongWorkQueue { get; init; } = 256;

    /// <summary>Inserts planned at once, each on a thread of its own; 0 for as many as there are processors.</summary>
    public int PlanningThreads { get; init; }

    /// <summary>Bytes of log after which a checkpoint is made; a start replays about as many at most.</summary>
    public int CheckpointLogBytes { get; init; } = 128 * 1024 * 1024;

    /// <summary>Time after which a checkpoint is made if anything has changed.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The longest that a write acknowledged in memory waits for its flush, and so what a crash can take back of such writes: a second
    /// costs next to no flushes.
    /// </summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest that a write waits for a disk that does not answer, and then fails the store. A disk in the network may be gone for
    /// half a minute while it is moved.
    /// </summary>
    public TimeSpan DiskTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Bytes of the disk below which writes are refused; 0 switches that off. Room for the requests under way, whose largest is 64 MiB
    /// on the wire.
    /// </summary>
    public long MinFreeDiskBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Memory for vectors of collections that keep them on disk, from their being written to the next checkpoint; half of it brings one
    /// about. Twice CheckpointLogBytes, so that the log mostly does.
    /// </summary>
    public long VectorMemoryBytes { get; init; } = 256L << 20;

    /// <summary>Memory that the process may take; 0 for what its container, or else the machine, has.</summary>
    public long MemoryLimitBytes { get; init; }

    /// <summary>
    /// Bytes of requests that are being received or answered, all together; 0 for a sixteenth of the memory limit, and at least one message
    /// of the largest size.
    /// </summary>
    public long MaxRequestBytesInFlight { get; init; }

    /// <summary>Calls at once; a stream is one. So many wait for processors at most, which bounds the longest wait.</summary>
    public int MaxCallsInFlight { get; init; } = 4096;

    /// <summary>Requests of one caller a second, in the mean; 0 for no limit. A message of a stream is one, and so is a batch.</summary>
    public double RequestsPerSecondPerCaller { get; init; }

    /// <summary>Requests that a caller may make at once after a pause; 0 for those of a second, and at least one.</summary>
    public int RequestBurstPerCaller { get; init; }

    /// <summary>Calls of one caller at once; 0 for no limit.</summary>
    public int MaxCallsInFlightPerCaller { get; init; }

    /// <summary>
    /// How long a search waits for a processor while there are too many of them. What is answered under any load is answered in about this time;
    /// a client that waits longer than a second has mostly asked again.
    /// </summary>
    public TimeSpan MaxSearchWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Memory for filters that come again and again and what they match; at a million points a filter takes 125 KiB.</summary>
    public long FilterCacheBytes { get; init; } = 64L << 20;

    /// <summary>gRPC-Web on both ports, for browsers; off, because a server that no page calls need not answer them.</summary>
    public bool GrpcWeb { get; init; }

    /// <summary>
    /// The unary rpcs as JSON on the HTTP port; off, because that port is often open to those who may only ask for health and metrics.
    /// </summary>
    public bool JsonEnabled { get; init; }

    /// <summary>Origins whose pages may call, separated by commas, or a star for all; null where none may.</summary>
    public string? CorsOrigins { get; init; }

    /// <summary>How long a stop waits for running calls. 30 s is what Kubernetes grants before it kills.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public LogFormat LogFormat { get; init; }

    /// <summary>Where traces and metrics are sent; null sends none, unless OTEL_EXPORTER_OTLP_ENDPOINT is set.</summary>
    public Uri? OtlpEndpoint { get; init; }

    public TlsOptions Tls { get; init; } = new();

    public HealthCheckCommandOptions HealthCheck { get; init; } = new();

    public AuthOptions Auth { get; init; } = new();

    /// <summary>How often settings, certificates and keys are looked at; a new certificate is in the place of the old one within seconds.</summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(5);

    public EngineLimits Limits { get; init; } = new();

    /// <summary>Callers say who they are: by a key, a token or a certificate.</summary>
    internal bool HasAuthentication => Auth.KeysPath is not null || Auth.Jwt.IsOn || Tls.ClientCaPath is not null;

    /// <summary>These settings, with those that can change while the server runs as others have them.</summary>
    public ServerOptions WithReloadable(ServerOptions others) => this with
    {
        LongWorkDistances = others.LongWorkDistances,
        MemoryLimitBytes = others.MemoryLimitBytes,
        MaxRequestBytesInFlight = others.MaxRequestBytesInFlight,
        MaxCallsInFlight = others.MaxCallsInFlight,
        RequestsPerSecondPerCaller = others.RequestsPerSecondPerCaller,
        RequestBurstPerCaller = others.RequestBurstPerCaller,
        MaxCallsInFlightPerCaller = others.MaxCallsInFlightPerCaller,
        MaxSearchWait = others.MaxSearchWait,
        Auth = Auth with { DenialLinesPerSecond = others.Auth.DenialLinesPerSecond },
    };
}
