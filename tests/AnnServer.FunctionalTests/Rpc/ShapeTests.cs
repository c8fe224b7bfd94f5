using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>Searches within a threshold, for groups and for diverse results, in all three forms of a search.</summary>
public sealed class ShapeTests(ServerFixture server) : ServerTest(server)
{
    private const int Count = 400;

    // On a line, so that a point's distance from the first is its number. Nine of ten have the same owner, and are the nearest.
    private static readonly Point[] Points = [.. Enumerable.Range(0, Count).Select(i => Make.Point(
        (ulong)i,
        Make.Vector(i, 0),
        ("owner", i < 360 ? Make.Text("many") : Make.Text($"few {i % 4}")),
        ("kind", Make.Int(i % 3)),
        (i % 2 == 0 ? "even" : "odd", Make.Int(i / 100))))];

    [Fact]
    public async Task ScoreThreshold_IsTheLimitAndKTheMost()
    {
        string collection = await LoadAsync();
        foreach (bool exact in (bool[])[true, false])
        {
            SearchRequest request = Request(collection, 1000);
            request.ScoreThreshold = 24.5f;
            if (exact)
            {
                request.Exact = true;
            }

            Assert.Equal(Enumerable.Range(0, 25).Select(i => (ulong)i), await IdsAsync(request));
            request.K = 10;
            Assert.Equal(Enumerable.Range(0, 10).Select(i => (ulong)i), await IdsAsync(request));
            request.Filter = new Filter { Expression = "kind = 1" };
            Assert.Equal([1, 4, 7, 10, 13, 16, 19, 22], await IdsAsync(request));
        }
    }

    [Fact]
    public async Task GroupBy_ReturnsTheBestOfEachGroup()
    {
        string collection = await LoadAsync();
        SearchRequest request = Request(collection, 4);
        request.GroupBy = new GroupBy { Attribute = "owner", GroupSize = 2 };

        foreach (SearchResponse response in await AnswersAsync(request))
        {
            Assert.Equal([0, 1, 360, 364, 361, 365, 362, 366], response.Hits.Select(hit => hit.Id.Num));
            Assert.Equal(
                ["many", "many", "few 0", "few 0", "few 1", "few 1", "few 2", "few 2"], response.Hits.Select(hit => hit.Group.StringValue));
            Assert.Equal(361f, response.Hits[4].Score);
            Assert.Empty(response.Hits[0].Attributes);
        }

        // Of all five, one each; of numbers; and of an attribute that is not declared and that half of the points have.
        (request.K, request.GroupBy.GroupSize) = (10, 0);
        Assert.Equal([0, 360, 361, 362, 363], await IdsAsync(request));
        request.GroupBy.Attribute = "kind";
        Assert.Equal([0, 1, 2], await IdsAsync(request));
        request.GroupBy.Attribute = "odd";
        Assert.Equal([1, 101, 201, 301], await IdsAsync(request));
        request.Filter = new Filter { Expression = "odd > 1" };
        SearchResponse filtered = await Server.Points.SearchAsync(request, cancellationToken: Cancellation);
        Assert.Equal([2, 3], filtered.Hits.Select(hit => hit.Group.IntValue));
    }

    [Fact]
    public async Task Diversity_ReturnsWhatIsUnlikeInTheOrderOfChoice()
    {
        string collection = await LoadAsync();
        SearchRequest request = Request(collection, 3);
        // Of 0 to 8 on a line: after the first the farthest, then that in their middle.
        request.Diversity = new Diversity { Lambda = 0, Candidates = 9 };
        Assert.Equal([0, 8, 4], await IdsAsync(request));
        // Half and half every point has the same value once the first is taken: the nearer come first.
        request.Diversity.ClearLambda();
        Assert.Equal([0, 1, 2], await IdsAsync(request));
        request.Diversity.Lambda = 0.4;
        request.Diversity.Candidates = 0;
        Assert.Equal([0, 11, 5], await IdsAsync(request));
        Assert.All((await Server.Points.SearchAsync(request, cancellationToken: Cancellation)).Hits, hit => Assert.Null(hit.Group));
    }

    [Fact]
    public async Task WhatCannotBe_IsRefusedWithEveryFault()
    {
        string collection = await LoadAsync();
        SearchRequest request = Request(collection, 5);
        request.GroupBy = new GroupBy { Attribute = "labels", GroupSize = 1000 };
        request.Diversity = new Diversity { Lambda = 2, Candidates = 3 };
        request.ScoreThreshold = float.NaN;
        string[] fields =
            ["score_threshold", "group_by.attribute", "group_by.group_size", "diversity.lambda", "diversity.candidates", "diversity"];

        RpcException one = await Assert.ThrowsAsync<RpcException>(
            async () => await Server.Points.SearchAsync(request, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.InvalidArgument, one.StatusCode);
        Assert.Equal(fields, Make.FaultyFields(one));
        RpcException batch = await Assert.ThrowsAsync<RpcException>(async () => await Server.Points.SearchBatchAsync(
            new SearchBatchRequest { Collection = collection, Queries = { Request(collection, 1), request } }, cancellationToken: Cancellation));
        Assert.Equal(fields.Select(field => $"queries[1].{field}"), Make.FaultyFields(batch));
    }

    private async Task<IEnumerable<ulong>> IdsAsync(SearchRequest request)
    {
        SearchResponse[] answers = await AnswersAsync(request);
        Assert.Equal(answers[0].Hits, answers[1].Hits);
        Assert.Equal(answers[0].Hits, answers[2].Hits);
        return answers[0].Hits.Select(hit => hit.Id.Num);
    }

    // Alone, in a batch, and in a stream.
    private async Task<SearchResponse[]> AnswersAsync(SearchRequest request)
    {
        SearchResponse one = await Server.Points.SearchAsync(request, cancellationToken: Cancellation);
        SearchBatchResponse batch = await Server.Points.SearchBatchAsync(
            new SearchBatchRequest { Collection = request.Collection, Queries = { Request(request.Collection, 2), request } },
            cancellationToken: Cancellation);
        Assert.Equal(2, batch.Results[0].Hits.Count);
        using AsyncDuplexStreamingCall<SearchRequest, SearchResponse> stream = Server.Points.SearchStream(cancellationToken: Cancellation);
        await stream.RequestStream.WriteAsync(request, Cancellation);
        await stream.RequestStream.CompleteAsync();
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        SearchResponse streamed = stream.ResponseStream.Current;
        Assert.False(await stream.ResponseStream.MoveNext(Cancellation));
        return [one, batch.Results[1], streamed];
    }

    private static SearchRequest Request(string collection, uint k) =>
        new() { Collection = collection, Vector = Make.Vector(0, 0), K = k };

    private async Task<string> LoadAsync()
    {
        string name = await CreateAsync(
            2,
            Metric.L2,
            new AttributeSchema { Name = "owner", Type = AttributeType.Keyword },
            new AttributeSchema { Name = "kind", Type = AttributeType.Int64 },
            new AttributeSchema { Name = "labels", Type = AttributeType.KeywordList });
        await UpsertAsync(name, Points);
        return name;
    }
}
