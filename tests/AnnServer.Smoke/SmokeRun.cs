using System.Net;
using System.Runtime.InteropServices;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace AnnServer.Smoke;

/// <summary>Create, write, search, kill, restart, compare, stop.</summary>
internal static class SmokeRun
{
    private const string Collection = "smoke";
    private const int Dimension = 32;
    private const int Count = 2000;

    public static async Task RunAsync(string[] command, Checks checks, CancellationToken cancellation)
    {
        Random random = new(7);
        float[][] rows = [.. Enumerable.Range(0, Count).Select(_ => Row(random))];
        SearchRequest[] queries = [.. Enumerable.Range(0, 20).Select(i => Query(Row(random), exact: i % 2 == 0))];

        List<SearchResponse> before;
        using (ServerProcess server = await ServerProcess.StartAsync(command, cancellation))
        {
            checks.That("/readyz answers 200", await IsReadyAsync(server, cancellation));
            await FillAsync(server, rows, checks, cancellation);
            before = await SearchAsync(server, queries, cancellation);
            for (int i = 0; i < queries.Length; i++)
            {
                Judge(queries[i], before[i], rows, checks);
            }

            await server.KillAsync(cancellation);
        }

        using (ServerProcess server = await ServerProcess.StartAsync(command, cancellation))
        {
            checks.That("/readyz answers 200 after SIGKILL", await IsReadyAsync(server, cancellation));
            checks.That("no acknowledged point is lost", await CountAsync(server, cancellation) == Count - 100);
            List<SearchResponse> after = await SearchAsync(server, queries, cancellation);
            checks.That("every answer is what it was before SIGKILL", before.SequenceEqual(after));
            checks.That("SIGTERM ends the server with exit code 0", await server.StopAsync(cancellation) == 0);
        }
    }

    private static async Task FillAsync(ServerProcess server, float[][] rows, Checks checks, CancellationToken cancellation)
    {
        CollectionConfig config = new()
        {
            Name = Collection,
            Dimension = Dimension,
            Metric = Metric.L2,
            Attributes = { new AttributeSchema { Name = "tenth", Type = AttributeType.Int64 } },
        };
        await new Collections.CollectionsClient(server.Channel).CreateCollectionAsync(
            new CreateCollectionRequest { Config = config }, cancellationToken: cancellation);
        Points.PointsClient points = new(server.Channel);

        using var stream = points.UpsertStream(cancellationToken: cancellation);
        foreach (float[][] batch in rows.Chunk(100))
        {
            UpsertRequest request = new() { Collection = Collection };
            request.Points.AddRange(batch.Select(row => Point(Array.IndexOf(rows, row), row)));
            await stream.RequestStream.WriteAsync(request, cancellation);
        }

        await stream.RequestStream.CompleteAsync();
        int acknowledged = 0;
        await foreach (UpsertResponse response in stream.ResponseStream.ReadAllAsync(cancellation))
        {
            acknowledged += (int)response.Upserted;
        }

        checks.That($"{Count} points are acknowledged over a stream", acknowledged == Count);

        DeleteResponse deleted = await points.DeleteAsync(
            new DeleteRequest { Collection = Collection, Ids = new PointIdList { Ids = { Enumerable.Range(0, 100).Select(i => new PointId { Num = (ulong)i }) } } },
            cancellationToken: cancellation);
        checks.That("100 points are deleted", deleted.Deleted == 100 && await CountAsync(server, cancellation) == Count - 100);
    }

    /// <summary>Compares with a scan of the rows: exact answers wholly, others by what they must keep whatever the graph finds.</summary>
    private static void Judge(SearchRequest query, SearchResponse response, float[][] rows, Checks checks)
    {
        ReadOnlyMemory<float> vector = MemoryMarshal.Cast<byte, float>(query.Vector.Packed.Span).ToArray();
        ulong[] expected = [.. Enumerable.Range(100, Count - 100)
            .Where(i => i % 10 == 3)
            .OrderBy(i => SquaredDistance(rows[i], vector.Span))
            .Take((int)query.K)
            .Select(i => (ulong)i)];
        ulong[] found = [.. response.Hits.Select(hit => hit.Id.Num)];
        checks.That(
            query.Exact ? "an exact filtered search agrees with a plain scan" : "a filtered search finds 9 of 10 of what a plain scan finds",
            query.Exact ? found.SequenceEqual(expected) : found.Length == expected.Length && found.Intersect(expected).Count() >= 9);
    }

    private static async Task<List<SearchResponse>> SearchAsync(ServerProcess server, SearchRequest[] queries, CancellationToken cancellation)
    {
        Points.PointsClient points = new(server.Channel);
        List<SearchResponse> responses = [];
        foreach (SearchRequest query in queries)
        {
            responses.Add(await points.SearchAsync(query, cancellationToken: cancellation));
        }

        return responses;
    }

    private static async Task<ulong> CountAsync(ServerProcess server, CancellationToken cancellation) => (await new Points.PointsClient(server.Channel)
        .CountAsync(new CountRequest { Collection = Collection }, cancellationToken: cancellation)).Count;

    private static async Task<bool> IsReadyAsync(ServerProcess server, CancellationToken cancellation)
    {
        using HttpClient http = new();
        using HttpResponseMessage response = await http.GetAsync(new Uri(server.HttpAddress, "/readyz"), cancellation);
        return response.StatusCode == HttpStatusCode.OK;
    }

    private static SearchRequest Query(float[] vector, bool exact)
    {
        SearchRequest request = new()
        {
            Collection = Collection,
            Vector = Packed(vector),
            K = 10,
            Filter = new Filter { Expression = "tenth = 3" },
            WithAttributes = true,
            WithVector = true,
        };
        if (exact)
        {
            request.Exact = true;
        }
        else
        {
            request.Ef = 200;
        }

        return request;
    }

    private static Point Point(int i, float[] row) => new()
    {
        Id = new PointId { Num = (ulong)i },
        Vector = Packed(row),
        Attributes = { ["tenth"] = new Value { IntValue = i % 10 } },
    };

    private static Vector Packed(float[] row) => new() { Packed = ByteString.CopyFrom(MemoryMarshal.AsBytes(row.AsSpan())) };

    private static float[] Row(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => random.NextSingle())];

    private static double SquaredDistance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        }

        return sum;
    }
}
