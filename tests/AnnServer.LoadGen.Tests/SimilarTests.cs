using AnnServer.LoadGen.Commands;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Queries;
using AnnServer.LoadGen.Reports;
using AnnServer.LoadGen.Similar;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests;

public sealed class SimilarTests
{
    private static readonly string[] Names = ["origin", "near", "middle", "far"];
    private static readonly VectorFile Vectors = new(TexmexFile.Parse(
        VectorFileTests.Rows([[0, 0], [1, 0], [0, 3], [7, 7]]), ElementType.UInt8, "rows"));

    [Fact]
    public async Task Run_StoredPoint_ListsTheOthersNearestFirst()
    {
        await using InMemoryServer server = await LoadAsync();
        using ServerConnections connections = server.Connect(1);

        SimilarReport report = await SimilarSearch.RunAsync(connections, Plan("origin", k: 2), TestContext.Current.CancellationToken);

        Assert.Equal(
            [new SimilarPoint(1, "near", 1, "length=4  name=near"), new SimilarPoint(2, "middle", 3, "length=6  name=middle")],
            report.Points);
        Assert.Equal("distance", report.ScoreName);
        Assert.Contains("exact", report.Explanation);
        Assert.Contains("4 points match", report.Explanation);
    }

    [Fact]
    public async Task Run_FilterThatLeavesThePointOut_StillReturnsAllThatMatch()
    {
        await using InMemoryServer server = await LoadAsync();
        using ServerConnections connections = server.Connect(1);

        SimilarReport report = await SimilarSearch.RunAsync(
            connections, Plan("origin", k: 1) with { Filter = "length <= 4" }, TestContext.Current.CancellationToken);

        Assert.Equal("near", Assert.Single(report.Points).Id);
    }

    [Theory]
    [InlineData("c", "nobody", "has no point with the key \"nobody\"")]
    [InlineData("c", "7", "add --num")]
    [InlineData(InMemoryCollections.Missing, "origin", "There is no collection 'missing'; the server has c.")]
    public async Task Command_WhatDoesNotExist_IsNamed(string collection, string id, string message)
    {
        await using InMemoryServer server = await LoadAsync();
        using StringWriter errors = new();

        int result = await LoadGenCommands.RunAsync(
            ["similar", "--address", server.Address, "--collection", collection, "--id", id], errors,
            TestContext.Current.CancellationToken);

        Assert.Equal(1, result);
        Assert.Contains(message, errors.ToString());
    }

    [Fact]
    public async Task Command_NoServer_SaysUnavailable()
    {
        using StringWriter errors = new();

        int result = await LoadGenCommands.RunAsync(
            ["similar", "--address", "http://127.0.0.1:1", "--collection", "c", "--id", "x"], errors,
            TestContext.Current.CancellationToken);

        Assert.Equal(1, result);
        Assert.StartsWith("Unavailable: ", errors.ToString());
    }

    [Theory]
    [InlineData("length", "Line 1 of the attributes has no string 'length'")]
    [InlineData("none", "Line 1 of the attributes has no string 'none'")]
    [InlineData("kind", "Line 3 of the attributes has the 'kind' of line 1: \"a\"")]
    public void FromAttribute_NotAnIdentifier_NamesTheLine(string attribute, string message)
    {
        IReadOnlyDictionary<string, Value>[] rows = [.. ((string[])["a", "b", "a"]).Select(kind => new Dictionary<string, Value>
        {
            ["kind"] = new Value { StringValue = kind },
            ["length"] = new Value { IntValue = 1 },
        })];

        InvalidDataException failure = Assert.Throws<InvalidDataException>(() => PointKeys.FromAttribute(rows, attribute, rows.Length));

        Assert.StartsWith(message, failure.Message);
    }

    [Fact]
    public void Of_FullReport_SaysAllOfIt()
    {
        SearchReport report = new()
        {
            Strategy = "graph_within",
            EfUsed = 77,
            DistanceComputations = 1234,
            Expansions = 56,
            EstimatedSelectivity = 0.125,
            Matching = 4321,
            RecallEstimate = 0.987,
            ExactFallback = true,
            FilterMicroseconds = 11,
            SearchMicroseconds = 22,
            TotalMicroseconds = 33,
        };
        string text = SearchReportText.Of(report);

        Assert.Equal(
            "graph_within with ef 77, then every match compared: 1,234 distances, 56 expansions, recall 0.987 to expect; "
            + "4,321 points match (estimated 12.5 %); filter 11 µs, search 22 µs, total 33 µs",
            text);
        // A field that comes later has to be said too.
        Assert.All(SearchReport.Descriptor.Fields.InDeclarationOrder(), field =>
        {
            SearchReport other = report.Clone();
            field.Accessor.Clear(other);
            Assert.NotEqual(text, SearchReportText.Of(other));
        });
        Assert.Equal("The server sent no report.", SearchReportText.Of(null));
    }

    private static SimilarPlan Plan(string id, int k) =>
        new("c", new PointId { Key = id }, k, null, new Effort(0, Exact: true), Explain: true);

    private static async Task<InMemoryServer> LoadAsync()
    {
        InMemoryServer server = await InMemoryServer.StartAsync();
        using ServerConnections connections = server.Connect(1);
        IReadOnlyDictionary<string, Value>[] attributes = [.. Names.Select(name => new Dictionary<string, Value>
        {
            ["name"] = new Value { StringValue = name },
            ["length"] = new Value { IntValue = name.Length },
        })];
        PointSource source = new(Vectors, attributes, int.MaxValue, "name");
        await new PointLoader(connections, source, new LoadPlan("c", 2, 1, Stream: false), _ => { })
            .RunAsync(TestContext.Current.CancellationToken);
        return server;
    }
}
