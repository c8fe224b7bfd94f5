using AnnServer.Benchmarks.Compare;
using AnnServer.Benchmarks.Compare.Data;

namespace AnnServer.Benchmarks.Tests;

public sealed class ContenderLoopTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-contender-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("exact", "l2", 1)]
    [InlineData("exact", "cosine", 1)]
    [InlineData("annserver", "l2", 0.9)]
    [InlineData("annserver-f32", "cosine", 0.9)]
    public void Serve_SmallGeneratedSet_AnswersRoundsInTheProtocol(string kind, string metric, double leastRecall)
    {
        GenerateCommand.Write(new ManifoldSpec("test", 2000, 16, metric) { Clusters = 10, Queries = 50 }, _folder.FullName);
        ContenderOptions options = DataSetFiles.Find(_folder.FullName, metric, m: 16, efConstruction: 100, k: 10, index: "");
        using IContender contender = InProcessContenders.Create(kind, options);
        using StringWriter answers = new();

        new ContenderLoop(contender, options).Serve(new StringReader("run 64\nrun 128\nquit\nrun 1\n"), answers);

        string[] lines = answers.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        ContenderReady ready = ContenderProtocol.Parse<ContenderReady>(lines[0]);
        Assert.Equal((true, kind, 2000, 16, 50), (ready.Ready, ready.Contender, ready.N, ready.Dim, ready.Queries));
        ContenderRound[] rounds = [.. lines[1..].Select(ContenderProtocol.Parse<ContenderRound>)];
        Assert.Equal([64, 128], rounds.Select(round => round.Ef));
        Assert.All(rounds, round => Assert.InRange(round.Recall, leastRecall, 1));
        Assert.All(rounds, round => Assert.True(round.CpuUsPerQuery > 0 && round.Qps > 0 && round.PeakRssBytes > 0));
    }

    [Fact]
    public void Parse_LineOfAnotherProgram_IsUnderstood()
    {
        ContenderRound round = ContenderProtocol.Parse<ContenderRound>(
            """{"ef":64,"effort":"nprobe=16","recall":0.98090,"cpu_us_per_query":104.300,"qps":9586.9,"peak_rss_bytes":143000000}""");

        Assert.Equal(new ContenderRound(64, "nprobe=16", 0.9809, 104.3, 9586.9, 143_000_000), round);
    }
}
