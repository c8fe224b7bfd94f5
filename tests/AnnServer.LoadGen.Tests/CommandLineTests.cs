using System.Text.Json;
using AnnServer.LoadGen.Commands;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loadgen").FullName;

    [Fact]
    public async Task LoadThenQuery_SmallFiles_ReportsFullRecall()
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync();
        byte[][] rows = [[1, 1], [5, 5], [9, 9]];
        await File.WriteAllBytesAsync(PathOf("base.bvecs"), VectorFileTests.Rows(rows), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(PathOf("attrs.jsonl"), "{\"a\":1}\n{}\n{\"a\":2}\n", TestContext.Current.CancellationToken);
        byte[] truth = [.. Enumerable.Range(0, 3).SelectMany(i => VectorFileTests.Row(1, BitConverter.GetBytes(i)))];
        await File.WriteAllBytesAsync(PathOf("gt.ivecs"), truth, TestContext.Current.CancellationToken);

        int loaded = await RunAsync(
            "load", "--address", server.Address, "--collection", "c", "--base", PathOf("base.bvecs"), "--attributes", PathOf("attrs.jsonl"),
            "--schema", "a:int64", "--metric", "l2", "--m", "8", "--recreate", "--batch", "2", "--json", PathOf("load.json"));
        int queried = await RunAsync(
            "query", "--address", server.Address, "--collection", "c", "--query", PathOf("base.bvecs"), "--gt", PathOf("gt.ivecs"),
            "--k", "1", "--ef", "16,32", "--exact", "--repeat", "3", "--connections", "2", "--json", PathOf("query.json"));

        Assert.Equal((0, 0), (loaded, queried));
        Assert.Equal(3, (await ReadAsync("load.json")).GetProperty("loaded").GetInt32());
        JsonElement reports = await ReadAsync("query.json");
        Assert.Equal(["ef 16", "ef 32", "exact"], reports.EnumerateArray().Select(report => report.GetProperty("effort").GetString()));
        Assert.All(reports.EnumerateArray(), report =>
        {
            Assert.Equal(1.0, report.GetProperty("recall").GetDouble());
            Assert.Equal(9, report.GetProperty("answered").GetInt64());
            Assert.Equal(3, report.GetProperty("loaded").GetInt64());
        });
    }

    [Theory]
    [InlineData(nameof(Fault.None), 0)]
    [InlineData(nameof(Fault.ReturnsTooFew), 1)]
    public async Task Mixed_Server_ExitCodeSaysWhetherItWasRight(string fault, int exitCode)
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync(Metric.L2, Enum.Parse<Fault>(fault));

        int result = await RunAsync(
            "mixed", "--address", server.Address, "--collection", "c", "--duration", "0.5", "--points", "100", "--dimension", "4",
            "--connections", "2", "--final-queries", "5", "--json", PathOf("mixed.json"));

        Assert.Equal(exitCode, result);
        Assert.Equal(exitCode == 0, (await ReadAsync("mixed.json")).GetProperty("passed").GetBoolean());
    }

    [Theory]
    [InlineData("expression")]
    [InlineData("predicate")]
    public async Task Filtered_EitherForm_FindsEverything(string form)
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync(Metric.Cosine);
        byte[] vectors = [.. new[] { (1.0, 0.0), (1.0, 1.0), (0.0, 1.0) }.SelectMany(row => VectorFileTests.Row(
            2, [.. BitConverter.GetBytes((Half)row.Item1), .. BitConverter.GetBytes((Half)row.Item2)]))];
        await File.WriteAllBytesAsync(PathOf("base.f16vecs"), vectors, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(PathOf("query.f16vecs"), vectors, TestContext.Current.CancellationToken);
        await WriteGzipAsync("base_attrs.jsonl.gz", "{\"a\":1}\n{\"a\":2}\n{\"a\":1}\n");
        await File.WriteAllTextAsync(
            PathOf("filtered.jsonl"),
            """{"q":1,"group":"g","pred":{"field":"a","eq":2},"matches":1,"selectivity":0.333,"lift":1,"gt":[1],"sims":[1.0]}""",
            TestContext.Current.CancellationToken);

        int loaded = await RunAsync(
            "load", "--address", server.Address, "--collection", "c", "--base", PathOf("base.f16vecs"), "--metric", "cosine",
            "--attributes", PathOf("base_attrs.jsonl.gz"));
        int result = await RunAsync(
            "filtered", "--address", server.Address, "--collection", "c", "--data", _folder, "--form", form,
            "--json", PathOf("filtered.json"));

        Assert.Equal((0, 0), (loaded, result));
        JsonElement all = (await ReadAsync("filtered.json"))[0].GetProperty("slices")[0];
        Assert.Equal((1.0, 0, 0), (all.GetProperty("recall").GetDouble(), all.GetProperty("short").GetInt32(),
            all.GetProperty("matching_differs").GetInt32()));
    }

    [Theory]
    [InlineData("load --collection c --base b.fvecs --metric l2")]
    [InlineData("query --collection c --query q.fvecs")]
    [InlineData("similar --collection c --id a")]
    [InlineData("filtered --collection c --data d")]
    [InlineData("mixed --collection c")]
    [InlineData("soak --server s --data d")]
    [InlineData("overload")]
    [InlineData("stats")]
    [InlineData("ghz-data --collection c --vectors q.fvecs --out o")]
    [InlineData("request-body --collection c --vectors q.fvecs --out o")]
    public void Parse_OnlyRequiredOptions_DefaultsAreAccepted(string arguments)
    {
        Assert.Empty(LoadGenCommands.Build().Parse(arguments).Errors);
    }

    [Theory]
    [InlineData("filtered --collection c --data d --k 11")]
    [InlineData("filtered --collection c --data d --k 0")]
    [InlineData("similar --collection c --id a --k 0")]
    [InlineData("similar --collection c --id a --num")]
    [InlineData("load --collection c --base b.fvecs --metric l2 --id-attribute word")]
    [InlineData("load --collection c --base b.fvecs --metric l2 --batch 0")]
    [InlineData("query --collection c --query q.fvecs --concurrency 0")]
    [InlineData("overload --server s")]
    [InlineData("overload --times 0")]
    [InlineData("overload --connections 0")]
    [InlineData("overload --idle -1")]
    [InlineData("soak --server s --data d --rate 0")]
    [InlineData("soak --server s --data d --points 0")]
    [InlineData("soak --server s --data d --setting x")]
    public void Parse_ValueOutOfBounds_IsRefused(string arguments)
    {
        Assert.NotEmpty(LoadGenCommands.Build().Parse(arguments).Errors);
    }

    [Fact]
    public async Task Query_BatchWithStream_IsRefused()
    {
        Assert.NotEqual(0, await RunAsync("query", "--collection", "c", "--query", PathOf("none.bvecs"), "--batch", "2", "--stream"));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private async Task WriteGzipAsync(string name, string content)
    {
        await using System.IO.Compression.GZipStream gzip = new(File.Create(PathOf(name)), System.IO.Compression.CompressionMode.Compress);
        await gzip.WriteAsync(System.Text.Encoding.UTF8.GetBytes(content), TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> ReadAsync(string name)
    {
        using JsonDocument document = JsonDocument.Parse(
            await File.ReadAllTextAsync(PathOf(name), TestContext.Current.CancellationToken));
        return document.RootElement.Clone();
    }

    private static Task<int> RunAsync(params string[] arguments) =>
        LoadGenCommands.RunAsync(arguments, TextWriter.Null, TestContext.Current.CancellationToken);
}
