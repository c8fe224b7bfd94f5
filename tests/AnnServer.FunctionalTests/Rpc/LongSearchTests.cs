using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>The same calls to a server where everything is long and to one where nothing is.</summary>
public sealed class LongSearchTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_OnThreadsForLongWork_AnswerAsInline()
    {
        await using ServerFixture inline = new() { Settings = [$"--Ann:LongWorkDistances={int.MaxValue}"] };
        await using ServerFixture queued = new() { Settings = ["--Ann:LongWorkDistances=0", "--Ann:LongWorkers=1"] };
        string[] expected = await CallAsync(inline);

        Assert.Equal(expected, await CallAsync(queued));
        Assert.Contains("30", expected[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_BadOnThreadsForLongWork_IsRefusedAsInline()
    {
        await using ServerFixture server = new() { Settings = ["--Ann:LongWorkDistances=0"] };
        await server.StartAsync();
        await LoadAsync(server);

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await server.Points.SearchAsync(
            new SearchRequest { Collection = "points", Vector = Make.Vector(1, 2), K = 0 }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["k", "vector"], Make.FaultyFields(error).Order());
    }

    private static async Task<string[]> CallAsync(ServerFixture server)
    {
        await server.StartAsync();
        await LoadAsync(server);
        Points.PointsClient points = server.Points;
        SearchRequest search = new()
        {
            Collection = "points",
            Vector = Make.Vector(20, 1, 0, 0),
            K = 7,
            Filter = new Filter { Expression = "parity = \"odd\"" },
            WithAttributes = true,
        };
        using var stream = points.SearchStream(cancellationToken: Cancellation);
        await stream.RequestStream.WriteAsync(search, Cancellation);
        await stream.RequestStream.WriteAsync(new SearchRequest(search) { Exact = true }, Cancellation);
        await stream.RequestStream.CompleteAsync();
        List<string> streamed = [];
        await foreach (SearchResponse response in stream.ResponseStream.ReadAllAsync(Cancellation))
        {
            streamed.Add(response.ToString());
        }

        Filter some = new() { Expression = "number < 20" };
        return
        [
            (await points.SearchAsync(search, cancellationToken: Cancellation)).ToString(),
            (await points.SearchBatchAsync(
                new SearchBatchRequest { Collection = "points", Queries = { search, new SearchRequest(search) { Filter = null } } },
                cancellationToken: Cancellation)).ToString(),
            .. streamed,
            (await points.ScrollAsync(new ScrollRequest { Collection = "points", Filter = some, PageSize = 5 }, cancellationToken: Cancellation)).Points.ToString(),
            (await points.FacetsAsync(
                new FacetsRequest { Collection = "points", Filter = some, Facets = { new FacetRequest { Attribute = "parity" } } },
                cancellationToken: Cancellation)).ToString(),
            (await points.SampleAsync(
                new SampleRequest { Collection = "points", Filter = some, Count = 4, Seed = 9 }, cancellationToken: Cancellation)).ToString(),
            (await points.CountAsync(new CountRequest { Collection = "points", Filter = some }, cancellationToken: Cancellation)).ToString(),
            (await points.DeleteAsync(new DeleteRequest { Collection = "points", Filter = some }, cancellationToken: Cancellation)).Deleted.ToString(),
            (await points.CountAsync(new CountRequest { Collection = "points" }, cancellationToken: Cancellation)).ToString(),
        ];
    }

    // One attribute is indexed and one is not.
    private static async Task LoadAsync(ServerFixture server)
    {
        CollectionConfig config = new()
        {
            Name = "points",
            Dimension = 4,
            Metric = Metric.L2,
            Attributes = { new AttributeSchema { Name = "parity", Type = AttributeType.Keyword } },
        };
        await server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        UpsertRequest upsert = new() { Collection = "points" };
        upsert.Points.AddRange(Enumerable.Range(0, 50).Select(i => Make.Point(
            (ulong)i, Make.Vector(i, 0, 0, 1), ("parity", Make.Text(i % 2 == 0 ? "even" : "odd")), ("number", Make.Int(i)))));
        await server.Points.UpsertAsync(upsert, cancellationToken: Cancellation);
    }
}
