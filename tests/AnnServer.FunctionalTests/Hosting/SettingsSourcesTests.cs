using AnnServer.Hosting;
using AnnServer.Testing;
using Microsoft.Extensions.Configuration;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class SettingsSourcesTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Own => Path.Combine(_directory.Path, "own.json");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_FileOfTheOperator_IsOverOtherFilesAndBelowTheRest()
    {
        Write("a.json", """{"Ann": {"GrpcPort": 1, "HttpPort": 1, "MaxCallsInFlight": 1}}""");
        Write("own.json", """{"Ann": {"GrpcPort": 2, "HttpPort": 2}}""");

        IConfigurationRoot read = Sources(("Ann:GrpcPort", "3"), ("Ann:SettingsPath", Own)).Read();

        Assert.Equal(["3", "2", "1"], [read["Ann:GrpcPort"], read["Ann:HttpPort"], read["Ann:MaxCallsInFlight"]]);
    }

    [Fact]
    public void HaveChanged_OtherContent_IsTrueOnce()
    {
        Write("a.json", "{}");
        SettingsSources sources = Sources();
        Assert.False(sources.HaveChanged());

        Write("a.json", """{"Ann": {"GrpcPort": 1}}""");

        Assert.True(sources.HaveChanged());
        Assert.False(sources.HaveChanged());
        Assert.Equal("1", sources.Read()["Ann:GrpcPort"]);
    }

    [Fact]
    public void HaveChanged_FileThatWasNotThere_IsReadOnceItIs()
    {
        SettingsSources sources = Sources();
        Assert.Null(sources.Read()["Ann:GrpcPort"]);

        Write("a.json", """{"Ann": {"GrpcPort": 1}}""");

        Assert.True(sources.HaveChanged());
        Assert.Equal("1", sources.Read()["Ann:GrpcPort"]);
    }

    [Theory]
    [InlineData(null, "own.json")]
    [InlineData("{\"Ann\":\n{\"GrpcPort\" 1}}", "LineNumber: 1")]
    [InlineData("{\"a\": 1, \"A\": 2}", "'A'")]
    public void Build_FileOfTheOperatorThatCannotBeRead_SaysWhich(string? content, string fault)
    {
        if (content is not null)
        {
            Write("own.json", content);
        }

        SettingsException refused = Assert.Throws<SettingsException>(() => ServerHost.Build([$"--Ann:SettingsPath={Own}"]));

        Assert.Contains("own.json", Assert.Single(refused.Faults), StringComparison.Ordinal);
        Assert.Contains(fault, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthCheck_PortInTheFileOfTheOperator_IsAsked()
    {
        Write("own.json", """{"Ann": {"HttpPort": "x"}}""");

        SettingsException refused = await Assert.ThrowsAsync<SettingsException>(
            () => HealthCheckCommand.RunAsync([HealthCheckCommand.Name, $"--Ann:SettingsPath={Own}"], TestContext.Current.CancellationToken));

        Assert.StartsWith("Ann:HttpPort is \"x\"", Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    private SettingsSources Sources(params (string Key, string Value)[] commandLine) => new(
        new ConfigurationBuilder().SetBasePath(_directory.Path).AddJsonFile("a.json", optional: true)
            .AddCommandLine([.. commandLine.Select(static setting => $"--{setting.Key}={setting.Value}")]));

    private void Write(string file, string content) => File.WriteAllText(Path.Combine(_directory.Path, file), content);
}
