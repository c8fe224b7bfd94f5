using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Protobuf;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class SearchTests(ServerFixture server) : ServerTest(server)
{
    private const int Dimension = 8;

    public static TheoryData<Metric> Metrics => [Metric.L2, Metric.Cosine, Metric.Dot];

    [Theory]
    [MemberData(nameof(Metrics))]
    public async Task Search_Exact_AgreesWithAPlainScanInFloat64(Metric metric)
    {
        float[][] rows = Rows(200, seed: 1);
        string collection = await LoadAsync(metric, rows);
        float[] query = Rows(1, seed: 2)[0];

        SearchResponse response = await Server.Points.SearchAsync(
            new SearchRequest { Collection = collection, Vector = Make.Packed(query), K = 10, Exact = true }, cancellationToken: Cancellation);

        (ulong Id, double Score)[] expected = [.. Rank(metric, rows, query).Take(10)];
        Assert.Equal(expected.Select(hit => hit.Id), response.Hits.Select(hit => hit.Id.Num));
        Assert.All(expected.Zip(response.Hits), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 1e-4));
        Assert.Null(response.Report);
    }

    [Fact]
    public async Task Search_RecallTarget_IsAnsweredAndReported()
    {
        string collection = await LoadAsync(Metric.L2, Rows(2500, seed: 11));
        SearchRequest request = new() { Collection = collection, Vector = Make.Packed(Rows(1, seed: 12)[0]), K = 10, Explain = true };

        request.Exact = true;
        SearchResponse exact = await Server.Points.SearchAsync(request, cancellationToken: Cancellation);
        request.RecallTarget = 1;
        SearchResponse all = await Server.Points.SearchAsync(request, cancellationToken: Cancellation);
        request.RecallTarget = 0.9;
        SearchResponse most = await Server.Points.SearchAsync(request, cancellationToken: Cancellation);

        Assert.Equal(exact.Hits, all.Hits);
        Assert.Equal(("exact", 1.0, 2500UL), (all.Report.Strategy, all.Report.RecallEstimate, all.Report.DistanceComputations));
        Assert.Equal(10, most.Hits.Count);
        // 0 before anything has been measured.
        Assert.True(most.Report.RecallEstimate is 0 or (>= 0.9 and <= 1), $"{most.Report.RecallEstimate}");
    }

    [Fact]
    public async Task Search_WithEverythingAsked_ReturnsAttributesVectorAndReport()
    {
        float[][] rows = Rows(50, seed: 3);
        string collection = await LoadAsync(Metric.L2, rows);

        SearchResponse response = await Server.Points.SearchAsync(
            new SearchRequest
            {
                Collection = collection,
                Vector = Make.Packed(rows[7]),
                K = 3,
                Filter = new Filter { Expression = "parity = \"odd\"" },
                WithAttributes = true,
                WithVector = true,
                Explain = true,
            },
            cancellationToken: Cancellation);

        Assert.Equal(3, response.Hits.Count);
        Assert.Equal(7UL, response.Hits[0].Id.Num);
        Assert.Equal(0f, response.Hits[0].Score);
        Assert.Equal(rows[7], Make.Floats(response.Hits[0].Vector));
        Assert.All(response.Hits, hit => Assert.Equal("odd", hit.Attributes["parity"].StringValue));
        Assert.Contains(response.Report.Strategy, (string[])["exact", "graph"]);
        Assert.Equal(25UL, response.Report.Matching);
        Assert.True(response.Report.DistanceComputations > 0);
        Assert.True(response.Report is { FilterMicroseconds: > 0, SearchMicroseconds: > 0 });
        Assert.True(response.Report.TotalMicroseconds >= response.Report.FilterMicroseconds + response.Report.SearchMicroseconds);
    }

    [Fact]
    public async Task Search_ScoreThreshold_LeavesOutWorse()
    {
        float[][] rows = Rows(100, seed: 4);
        string collection = await LoadAsync(Metric.Dot, rows);
        double[] scores = [.. Rank(Metric.Dot, rows, rows[0]).Select(hit => hit.Score)];
        float threshold = (float)((scores[4] + scores[5]) / 2);

        SearchResponse response = await Server.Points.SearchAsync(
            new SearchRequest { Collection = collection, Vector = Make.Packed(rows[0]), K = 50, Exact = true, ScoreThreshold = threshold },
            cancellationToken: Cancellation);

        Assert.Equal(5, response.Hits.Count);
    }

    [Fact]
    public async Task Search_MoreThanMatch_ReturnsAllThatMatch()
    {
        string collection = await LoadAsync(Metric.L2, Rows(30, seed: 5));

        SearchResponse response = await Server.Points.SearchAsync(
            new SearchRequest { Collection = collection, Vector = Make.Packed(Rows(1, seed: 6)[0]), K = 1000, Ef = 10 }, cancellationToken: Cancellation);

        Assert.Equal(30, response.Hits.Select(hit => hit.Id.Num).Distinct().Count());
        Assert.Equal(response.Hits.OrderBy(hit => hit.Score), response.Hits);
    }

    /// <summary>As many as may be in one batch, more than are kept for the next, and few again.</summary>
    [Fact]
    public async Task SearchBatch_LargeAndSmallInTurn_AnswersAll()
    {
        float[][] rows = Rows(200, seed: 21);
        string collection = await LoadAsync(Metric.L2, rows);
        foreach (int count in (int[])[1000, 3, 65, 1000, 64])
        {
            SearchBatchRequest request = new()
            {
                Collection = collection,
                Queries = { Rows(count, seed: count).Select(static row => new SearchRequest { Vector = Make.Packed(row), K = 3, Exact = true }) },
            };

            SearchBatchResponse answer = await Server.Points.SearchBatchAsync(request, cancellationToken: Cancellation);

            Assert.Equal(count, answer.Results.Count);
            float[] last = Rows(count, seed: count)[^1];
            Assert.Equal(Rank(Metric.L2, rows, last).Take(3).Select(static hit => hit.Id), answer.Results[^1].Hits.Select(static hit => hit.Id.Num));
        }
    }

    [Fact]
    public async Task SearchBatch_Queries_AnswersLikeSingleSearchesInOrder()
    {
        float[][] rows = Rows(100, seed: 7);
        string collection = await LoadAsync(Metric.L2, rows);
        SearchRequest[] queries = [.. Rows(9, seed: 8).Select((query, i) =>
            new SearchRequest { Collection = i % 2 == 0 ? "" : collection, Vector = Make.Packed(query), K = (uint)i + 1, Exact = true })];

        var batch = await Server.Points.SearchBatchAsync(
            new SearchBatchRequest { Collection = collection, Queries = { queries } }, cancellationToken: Cancellation);

        Assert.Equal(queries.Length, batch.Results.Count);
        for (int i = 0; i < queries.Length; i++)
        {
            SearchRequest single = new(queries[i]) { Collection = collection };
            Assert.Equal((await Server.Points.SearchAsync(single, cancellationToken: Cancellation)).Hits, batch.Results[i].Hits);
        }
    }

    [Theory]
    [InlineData(VectorFormat.Unspecified)]
    [InlineData(VectorFormat.Float32)]
    [InlineData(VectorFormat.Float16)]
    [InlineData(VectorFormat.Int8)]
    [InlineData(VectorFormat.Uint8)]
    public async Task Upsert_EachFormat_StoresTheSameElements(VectorFormat format)
    {
        // Whole numbers of 0 to 127 are exact in every format.
        float[] elements = [0, 1, 2, 63, 64, 100, 126, 127];
        byte[] packed = format switch
        {
            VectorFormat.Float16 => [.. elements.SelectMany(element => BitConverter.GetBytes((Half)element))],
            VectorFormat.Int8 or VectorFormat.Uint8 => [.. elements.Select(element => (byte)element)],
            _ => [.. elements.SelectMany(BitConverter.GetBytes)],
        };
        string collection = await CreateAsync(Dimension);
        await UpsertAsync(collection, Make.Point(1, new Vector { Packed = ByteString.CopyFrom(packed), Format = format }));

        var hit = Assert.Single((await Server.Points.SearchAsync(
            new SearchRequest { Collection = collection, Vector = Make.Vector(elements), K = 1, WithVector = true }, cancellationToken: Cancellation)).Hits);

        Assert.Equal(0f, hit.Score);
        Assert.Equal(elements, Make.Floats(hit.Vector));
    }

    [Fact]
    public async Task Upsert_NegativeInt8_KeepsTheSign()
    {
        string collection = await CreateAsync(dimension: 2);
        await UpsertAsync(collection, Make.Point(1, new Vector { Packed = ByteString.CopyFrom(0x80, 0xFF), Format = VectorFormat.Int8 }));

        var read = await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { Make.Id(1) }, WithVector = true }, cancellationToken: Cancellation);

        Assert.Equal([-128, -1], Make.Floats(read.Points[0].Vector));
    }

    private async Task<string> LoadAsync(Metric metric, float[][] rows)
    {
        string collection = await CreateAsync(Dimension, metric, new AttributeSchema { Name = "parity", Type = AttributeType.Keyword });
        await UpsertAsync(collection, [.. rows.Select((row, i) =>
            Make.Point((ulong)i, Make.Packed(row), ("parity", Make.Text(i % 2 == 0 ? "even" : "odd"))))]);
        return collection;
    }

    private static float[][] Rows(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, Dimension).Select(_ => (random.NextSingle() * 2) - 1).ToArray())];
    }

    /// <summary>Every row with its score, best first, computed apart from the server.</summary>
    private static IEnumerable<(ulong Id, double Score)> Rank(Metric metric, float[][] rows, float[] query)
    {
        var scored = rows.Select((row, i) => (Id: (ulong)i, Score: Score(metric, row, query)));
        return metric == Metric.L2 ? scored.OrderBy(hit => hit.Score) : scored.OrderByDescending(hit => hit.Score);
    }

    private static double Score(Metric metric, float[] a, float[] b)
    {
        double dot = a.Zip(b).Sum(pair => (double)pair.First * pair.Second);
        return metric switch
        {
            Metric.L2 => Math.Sqrt(a.Zip(b).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2))),
            Metric.Cosine => dot / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x)),
            _ => dot,
        };
    }
}
