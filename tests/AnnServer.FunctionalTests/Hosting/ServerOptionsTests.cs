using System.Net;
using AnnServer.Engine.Model;
using AnnServer.Hosting;
using AnnServer.Security;
using AnnServer.Security.Tls;
using AnnServer.Security.Tokens;
using Microsoft.Extensions.Configuration;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class ServerOptionsTests
{
    [Fact]
    public void Read_Nothing_TakesTheDefaults()
    {
        ServerOptions options = Read([], out IReadOnlyList<string> unknown);

        Assert.Equal(new ServerOptions(), options);
        Assert.Empty(unknown);
    }

    [Fact]
    public void Read_AppSettings_ListsEverySettingWithItsDefault()
    {
        IConfiguration shipped = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Build();

        Assert.Equal(new ServerOptions(), ServerOptionsReader.Read(shipped, out IReadOnlyList<string> unknown));
        Assert.Empty(unknown);
        Assert.Equal(Names(typeof(ServerOptions)), shipped.GetSection("Ann").GetChildren().Select(child => child.Key).Order());
        Assert.Equal(Names(typeof(EngineLimits)), shipped.GetSection("Ann:Limits").GetChildren().Select(child => child.Key).Order());
        Assert.Equal(Names(typeof(TlsOptions)), shipped.GetSection("Ann:Tls").GetChildren().Select(child => child.Key).Order());
        Assert.Equal(Names(typeof(HealthCheckCommandOptions)), shipped.GetSection("Ann:HealthCheck").GetChildren().Select(child => child.Key).Order());
        Assert.Equal(Names(typeof(AuthOptions)), shipped.GetSection("Ann:Auth").GetChildren().Select(child => child.Key).Order());
        Assert.Equal(Names(typeof(JwtOptions)), shipped.GetSection("Ann:Auth:Jwt").GetChildren().Select(child => child.Key).Order());
    }

    [Fact]
    public void Read_EverySetting_IsTaken()
    {
        ServerOptions options = Read(
            [
                ("SettingsPath", "/o"), ("DataDirectory", "/d"), ("BackupDirectory", "/b"), ("ListenAddress", "::1"), ("GrpcPort", "1"), ("HttpPort", "2"),
                ("MaxMessageBytes", "70000"), ("MaxStreamsPerConnection", "3"), ("LongWorkDistances", "4"), ("LongWorkers", "5"),
                ("LongWorkQueue", "6"), ("PlanningThreads", "7"), ("CheckpointLogBytes", "9000000"), ("CheckpointInterval", "00:00:09"),
                ("FlushInterval", "00:00:00.05"), ("DiskTimeout", "00:00:07"), ("MinFreeDiskBytes", "5000000000"), ("VectorMemoryBytes", "6000000000"),
                ("FilterCacheBytes", "7000000000"), ("MemoryLimitBytes", "8000000000"), ("MaxRequestBytesInFlight", "900"), ("MaxCallsInFlight", "77"), ("MaxSearchWait", "00:00:00.25"),
                ("RequestsPerSecondPerCaller", "0.5"), ("RequestBurstPerCaller", "78"), ("MaxCallsInFlightPerCaller", "79"), ("HealthCheck:CertificatePath", "/h"),
                ("HealthCheck:KeyPath", "/hk"), ("Auth:DenialLinesPerSecond", "80"),
                ("GrpcWeb", "true"), ("CorsOrigins", "https://a.example, http://b:1"), ("ShutdownTimeout", "00:00:05"), ("LogFormat", "JSON"), ("OtlpEndpoint", "http://o:1"),
                ("ReloadInterval", "00:00:08"), ("Tls:CertificatePath", "/c"), ("Tls:KeyPath", "/k"), ("Tls:ClientCaPath", "/a"),
                ("Auth:KeysPath", "/s"), ("Auth:OpenReflection", "false"), ("Auth:ProtectMetrics", "TRUE"), ("Auth:Jwt:Issuer", "i"),
                ("Auth:Jwt:Audience", "u"), ("Auth:Jwt:Authority", "https://i"), ("Auth:Jwt:Algorithms", "PS256"), ("Auth:Jwt:RolesClaim", "r"),
                ("Limits:MaxK", "9"),
            ],
            out _);

        Assert.Equal(
            new ServerOptions
            {
                SettingsPath = "/o",
                DataDirectory = "/d",
                BackupDirectory = "/b",
                ListenAddress = IPAddress.IPv6Loopback,
                GrpcPort = 1,
                HttpPort = 2,
                MaxMessageBytes = 70_000,
                MaxStreamsPerConnection = 3,
                LongWorkDistances = 4,
                LongWorkers = 5,
                LongWorkQueue = 6,
                PlanningThreads = 7,
                CheckpointLogBytes = 9_000_000,
                CheckpointInterval = TimeSpan.FromSeconds(9),
                FlushInterval = TimeSpan.FromMilliseconds(50),
                DiskTimeout = TimeSpan.FromSeconds(7),
                MinFreeDiskBytes = 5_000_000_000,
                VectorMemoryBytes = 6_000_000_000,
                FilterCacheBytes = 7_000_000_000,
                MemoryLimitBytes = 8_000_000_000,
                MaxRequestBytesInFlight = 900,
                MaxCallsInFlight = 77,
                RequestsPerSecondPerCaller = 0.5,
                RequestBurstPerCaller = 78,
                MaxCallsInFlightPerCaller = 79,
                HealthCheck = new HealthCheckCommandOptions { CertificatePath = "/h", KeyPath = "/hk" },
                MaxSearchWait = TimeSpan.FromMilliseconds(250),
                GrpcWeb = true,
                CorsOrigins = "https://a.example, http://b:1",
                ShutdownTimeout = TimeSpan.FromSeconds(5),
                LogFormat = LogFormat.Json,
                OtlpEndpoint = new Uri("http://o:1"),
                ReloadInterval = TimeSpan.FromSeconds(8),
                Tls = new TlsOptions { CertificatePath = "/c", KeyPath = "/k", ClientCaPath = "/a" },
                Auth = new AuthOptions
                {
                    KeysPath = "/s",
                    OpenReflection = false,
                    ProtectMetrics = true,
                    DenialLinesPerSecond = 80,
                    Jwt = new JwtOptions { Issuer = "i", Audience = "u", Authority = new Uri("https://i"), Algorithms = "PS256", RolesClaim = "r" },
                },
                Limits = new EngineLimits { MaxK = 9 },
            },
            options);
    }

    [Fact]
    public void Read_EverythingWrong_ReportsEachKeyItsValueAndWhatIsAllowed()
    {
        (string Key, string Value)[] wrong =
        [
            ("DataDirectory", " "), ("ListenAddress", "nowhere"), ("GrpcPort", "65536"), ("HttpPort", "x"), ("MaxMessageBytes", "1"),
            ("MaxStreamsPerConnection", "0"), ("PlanningThreads", "-1"), ("CheckpointLogBytes", "100"), ("CheckpointInterval", "0"),
            ("FlushInterval", "00:00:00"), ("DiskTimeout", "0"), ("MinFreeDiskBytes", "-1"), ("VectorMemoryBytes", "1000"), ("FilterCacheBytes", "-1"), ("MemoryLimitBytes", "-1"), ("MaxRequestBytesInFlight", "-1"), ("MaxCallsInFlight", "0"), ("MaxSearchWait", "0"),
            ("RequestsPerSecondPerCaller", "NaN"), ("RequestBurstPerCaller", "-1"), ("MaxCallsInFlightPerCaller", "x"), ("Auth:DenialLinesPerSecond", "0"),
            ("ShutdownTimeout", "-1"), ("GrpcWeb", "maybe"), ("CorsOrigins", "https://a.example, b"), ("LogFormat", "xml"), ("OtlpEndpoint", "here"),
            ("ReloadInterval", "0"), ("Auth:AllowAnonymous", "x"), ("Auth:OpenReflection", "1"), ("Auth:Jwt:Authority", "here"),
            .. Names(typeof(EngineLimits)).Select(name => ($"Limits:{name}", "-7")),
        ];

        SettingsException exception = Assert.Throws<SettingsException>(() => Read(wrong, out _));

        Assert.Equal(wrong.Length, exception.Faults.Count);
        Assert.All(wrong, setting => Assert.Contains(
            exception.Faults, fault => fault.StartsWith($"Ann:{setting.Key} is \"{setting.Value}\"; allowed: ", StringComparison.Ordinal)));
        Assert.All(exception.Faults, fault => Assert.Contains(fault, exception.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Logging:LogLevel:Default", "Loud")]
    [InlineData("Logging:Console:LogLevel:Some.Category", "9")]
    public void Read_LevelOfTheLogThatIsNone_IsRefused(string key, string level)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(key, (string?)level)]).Build();

        SettingsException exception = Assert.Throws<SettingsException>(() => ServerOptionsReader.Read(configuration, out _));

        Assert.Equal($"{key} is \"{level}\"; allowed: Trace, Debug, Information, Warning, Error, Critical, None.", Assert.Single(exception.Faults));
    }

    [Fact]
    public void Read_SamePortTwice_IsRefused()
    {
        SettingsException exception = Assert.Throws<SettingsException>(() => Read([("GrpcPort", "5"), ("HttpPort", "5")], out _));

        Assert.Contains("Ann:GrpcPort and Ann:HttpPort are both 5", Assert.Single(exception.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-0.1")]
    [InlineData("1000001")]
    [InlineData("1,5")]
    [InlineData("Infinity")]
    public void Read_RateThatIsNone_IsRefused(string rate)
    {
        SettingsException exception = Assert.Throws<SettingsException>(() => Read([("RequestsPerSecondPerCaller", rate)], out _));

        Assert.Equal($"Ann:RequestsPerSecondPerCaller is \"{rate}\"; allowed: a number from 0 to 1000000.", Assert.Single(exception.Faults));
    }

    [Fact]
    public void Read_HealthCheckCertificateWithoutItsKey_IsRefused()
    {
        SettingsException exception = Assert.Throws<SettingsException>(() => Read([("HealthCheck:CertificatePath", "c")], out _));

        Assert.Contains("both or neither", Assert.Single(exception.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MisspeltKey_IsReportedAsUnknown()
    {
        Read([("GrpcPrt", "5"), ("Limits:MaxQ", "5"), ("Auth:Jwt:Isuer", "i")], out IReadOnlyList<string> unknown);

        Assert.Equal(["Ann:GrpcPrt", "Ann:Limits:MaxQ", "Ann:Auth:Jwt:Isuer"], unknown);
    }

    private static ServerOptions Read((string Key, string Value)[] settings, out IReadOnlyList<string> unknown) => ServerOptionsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create($"Ann:{setting.Key}", (string?)setting.Value))).Build(),
        out unknown);

    private static IEnumerable<string> Names(Type type) => type.GetProperties().Select(property => property.Name).Order();
}
