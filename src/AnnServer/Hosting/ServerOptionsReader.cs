using AnnServer.Engine.Model;
using AnnServer.Security;
using AnnServer.Security.Limits;

namespace AnnServer.Hosting;

/// <summary>Turns the configuration into <see cref="ServerOptions"/>, or into one list of everything that is wrong with it.</summary>
internal static class ServerOptionsReader
{
    /// <param name="unknown">Keys of the section that mean nothing. They do not stop the start, so that an older server reads newer settings.</param>
    /// <exception cref="SettingsException">Some value is not allowed.</exception>
    public static ServerOptions Read(IConfiguration configuration, out IReadOnlyList<string> unknown)
    {
        List<string> faults = [];
        ServerOptions defaults = new();
        SettingReader ann = new(configuration, ServerOptions.Section, faults);
        SettingReader limits = ann.Within(nameof(ServerOptions.Limits));
        SettingReader tls = ann.Within(nameof(ServerOptions.Tls));
        SettingReader healthCheck = ann.Within(nameof(ServerOptions.HealthCheck));
        SettingReader auth = ann.Within(nameof(ServerOptions.Auth));
        SettingReader jwt = auth.Within(nameof(AuthOptions.Jwt));
        ServerOptions options = new()
        {
            SettingsPath = ann.Path(nameof(ServerOptions.SettingsPath)),
            DataDirectory = ann.NotEmpty(nameof(ServerOptions.DataDirectory), defaults.DataDirectory),
            BackupDirectory = ann.Path(nameof(ServerOptions.BackupDirectory)),
            ListenAddress = ann.Address(nameof(ServerOptions.ListenAddress), defaults.ListenAddress),
            GrpcPort = ann.Integer(nameof(ServerOptions.GrpcPort), defaults.GrpcPort, 0, ushort.MaxValue),
            HttpPort = ann.Integer(nameof(ServerOptions.HttpPort), defaults.HttpPort, 0, ushort.MaxValue),
            // Below 64 KiB not even one vector of the largest dimension would fit.
            MaxMessageBytes = ann.Integer(nameof(ServerOptions.MaxMessageBytes), defaults.MaxMessageBytes, 64 * 1024, 1 << 30),
            MaxStreamsPerConnection = ann.Integer(nameof(ServerOptions.MaxStreamsPerConnection), defaults.MaxStreamsPerConnection, 1, 100_000),
            LongWorkDistances = ann.Integer(nameof(ServerOptions.LongWorkDistances), defaults.LongWorkDistances, 0, int.MaxValue),
            LongWorkers = ann.Integer(nameof(ServerOptions.LongWorkers), defaults.LongWorkers, 0, 1024),
            LongWorkQueue = ann.Integer(nameof(ServerOptions.LongWorkQueue), defaults.LongWorkQueue, 1, 1_000_000),
            PlanningThreads = ann.Integer(nameof(ServerOptions.PlanningThreads), defaults.PlanningThreads, 0, 1024),
            CheckpointLogBytes = ann.Integer(nameof(ServerOptions.CheckpointLogBytes), defaults.CheckpointLogBytes, 1 << 20, int.MaxValue),
            CheckpointInterval = ann.Duration(
                nameof(ServerOptions.CheckpointInterval), defaults.CheckpointInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            FlushInterval = ann.Duration(
                nameof(ServerOptions.FlushInterval), defaults.FlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            DiskTimeout = ann.Duration(nameof(ServerOptions.DiskTimeout), defaults.DiskTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            MinFreeDiskBytes = ann.Integer(nameof(ServerOptions.MinFreeDiskBytes), defaults.MinFreeDiskBytes, 0, long.MaxValue),
            VectorMemoryBytes = ann.Integer(nameof(ServerOptions.VectorMemoryBytes), defaults.VectorMemoryBytes, 1 << 20, long.MaxValue),
            MemoryLimitBytes = ann.Integer(nameof(ServerOptions.MemoryLimitBytes), defaults.MemoryLimitBytes, 0, long.MaxValue),
            MaxRequestBytesInFlight = ann.Integer(nameof(ServerOptions.MaxRequestBytesInFlight), defaults.MaxRequestBytesInFlight, 0, long.MaxValue),
            MaxCallsInFlight = ann.Integer(nameof(ServerOptions.MaxCallsInFlight), defaults.MaxCallsInFlight, 1, 1_000_000),
            RequestsPerSecondPerCaller = ann.Number(
                nameof(ServerOptions.RequestsPerSecondPerCaller), defaults.RequestsPerSecondPerCaller, 0, CallerLimits.MaxRequestsPerSecond),
            RequestBurstPerCaller = ann.Integer(
                nameof(ServerOptions.RequestBurstPerCaller), defaults.RequestBurstPerCaller, 0, CallerLimits.MaxRequestBurst),
            MaxCallsInFlightPerCaller = ann.Integer(
                nameof(ServerOptions.MaxCallsInFlightPerCaller), defaults.MaxCallsInFlightPerCaller, 0, CallerLimits.MostCallsInFlight),
            MaxSearchWait = ann.Duration(
                nameof(ServerOptions.MaxSearchWait), defaults.MaxSearchWait, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            FilterCacheBytes = ann.Integer(nameof(ServerOptions.FilterCacheBytes), defaults.FilterCacheBytes, 0, long.MaxValue),
            GrpcWeb = ann.Switch(nameof(ServerOptions.GrpcWeb), defaults.GrpcWeb),
            JsonEnabled = ann.Switch(nameof(ServerOptions.JsonEnabled), defaults.JsonEnabled),
            CorsOrigins = ann.Origins(nameof(ServerOptions.CorsOrigins)),
            ShutdownTimeout = ann.Duration(nameof(ServerOptions.ShutdownTimeout), defaults.ShutdownTimeout, TimeSpan.Zero, TimeSpan.FromHours(1)),
            LogFormat = ann.OneOf(nameof(ServerOptions.LogFormat), defaults.LogFormat),
            OtlpEndpoint = ann.HttpUri(nameof(ServerOptions.OtlpEndpoint)),
            Tls = SecurityOptionsReader.ReadTls(tls),
            HealthCheck = new HealthCheckCommandOptions
            {
                CertificatePath = healthCheck.Path(nameof(HealthCheckCommandOptions.CertificatePath)),
                KeyPath = healthCheck.Path(nameof(HealthCheckCommandOptions.KeyPath)),
            },
            Auth = SecurityOptionsReader.ReadAuth(auth, jwt),
            ReloadInterval = ann.Duration(
                nameof(ServerOptions.ReloadInterval), defaults.ReloadInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Limits = ReadLimits(limits),
        };
        LogLevels.Check(configuration, faults);
        SecurityOptionsReader.Check(options, faults);
        if (options.GrpcPort == options.HttpPort && options.GrpcPort != 0)
        {
            faults.Add($"Ann:GrpcPort and Ann:HttpPort are both {options.GrpcPort}; allowed: two different ports, or 0 for a free one.");
        }

        if ((options.HealthCheck.CertificatePath is null) != (options.HealthCheck.KeyPath is null))
        {
            faults.Add("Ann:HealthCheck has one of CertificatePath and KeyPath; allowed: both or neither.");
        }

        if (options.Limits.DefaultPageSize > options.Limits.MaxPageSize)
        {
            faults.Add(
                $"Ann:Limits:DefaultPageSize is {options.Limits.DefaultPageSize} and Ann:Limits:MaxPageSize {options.Limits.MaxPageSize}; allowed: a default up to the greatest.");
        }

        unknown = [.. ann.UnknownKeys(), .. limits.UnknownKeys(), .. tls.UnknownKeys(), .. healthCheck.UnknownKeys(), .. auth.UnknownKeys(), .. jwt.UnknownKeys()];
        return faults.Count == 0 ? options : throw new SettingsException(faults);
    }

    private static EngineLimits ReadLimits(SettingReader limits)
    {
        EngineLimits defaults = new();
        return new EngineLimits
        {
            MaxDimension = limits.Integer(nameof(EngineLimits.MaxDimension), defaults.MaxDimension, 1, 8192),
            MaxCollections = limits.Integer(nameof(EngineLimits.MaxCollections), defaults.MaxCollections, 1, 1_000_000),
            MaxPointsPerCollection = limits.Integer(nameof(EngineLimits.MaxPointsPerCollection), defaults.MaxPointsPerCollection, 1, 1 << 30),
            MaxAttributesPerPoint = limits.Integer(nameof(EngineLimits.MaxAttributesPerPoint), defaults.MaxAttributesPerPoint, 0, 10_000),
            MaxAttributeBytesPerPoint = limits.Integer(nameof(EngineLimits.MaxAttributeBytesPerPoint), defaults.MaxAttributeBytesPerPoint, 0, EngineLimits.LargestAttributeBytesPerPoint),
            MaxIndexedAttributes = limits.Integer(nameof(EngineLimits.MaxIndexedAttributes), defaults.MaxIndexedAttributes, 0, 1000),
            MaxBatchPoints = limits.Integer(nameof(EngineLimits.MaxBatchPoints), defaults.MaxBatchPoints, 1, 1_000_000),
            MaxBatchQueries = limits.Integer(nameof(EngineLimits.MaxBatchQueries), defaults.MaxBatchQueries, 1, 100_000),
            MaxK = limits.Integer(nameof(EngineLimits.MaxK), defaults.MaxK, 1, 1_000_000),
            MaxEf = limits.Integer(nameof(EngineLimits.MaxEf), defaults.MaxEf, 1, 1_000_000),
            MaxGroupSize = limits.Integer(nameof(EngineLimits.MaxGroupSize), defaults.MaxGroupSize, 1, 10_000),
            MaxDiversityCandidates = limits.Integer(
                nameof(EngineLimits.MaxDiversityCandidates), defaults.MaxDiversityCandidates, 1, 10_000),
            MaxPageSize = limits.Integer(nameof(EngineLimits.MaxPageSize), defaults.MaxPageSize, 1, 1_000_000),
            MaxAnswerBytes = limits.Integer(nameof(EngineLimits.MaxAnswerBytes), defaults.MaxAnswerBytes, 64 * 1024, 1 << 30),
            DefaultPageSize = limits.Integer(nameof(EngineLimits.DefaultPageSize), defaults.DefaultPageSize, 1, 1_000_000),
            MaxFacets = limits.Integer(nameof(EngineLimits.MaxFacets), defaults.MaxFacets, 1, 1000),
            MaxFacetValues = limits.Integer(nameof(EngineLimits.MaxFacetValues), defaults.MaxFacetValues, 1, 1_000_000),
            MaxFilterExpressionLength = limits.Integer(
                nameof(EngineLimits.MaxFilterExpressionLength), defaults.MaxFilterExpressionLength, 1, 16 << 20),
            MaxFilterDepth = limits.Integer(nameof(EngineLimits.MaxFilterDepth), defaults.MaxFilterDepth, 1, 64),
            MaxFilterTerms = limits.Integer(nameof(EngineLimits.MaxFilterTerms), defaults.MaxFilterTerms, 1, 10_000_000),
            MaxTextTokens = limits.Integer(nameof(EngineLimits.MaxTextTokens), defaults.MaxTextTokens, 1, 1 << 20),
            MaxTextQueryTokens = limits.Integer(
                nameof(EngineLimits.MaxTextQueryTokens), defaults.MaxTextQueryTokens, 1, EngineLimits.LargestTextQueryTokens),
        };
    }
}
