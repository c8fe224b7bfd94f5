using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Overload;

/// <summary>The collection of an overload, and the requests of all its clients.</summary>
internal sealed class OverloadContent(OverloadSettings settings, Uri address)
{
    private const int Requests = 256;
    private const int BatchSize = 500;
    private const int StalledQueries = 256;
    private const int StalledPoints = 1000;
    private const string Search = "/ann.v1.Points/Search";
    private const string SearchBatch = "/ann.v1.Points/SearchBatch";
    private const string SearchStream = "/ann.v1.Points/SearchStream";
    private const string UpsertStream = "/ann.v1.Points/UpsertStream";

    private readonly VectorSet _vectors = VectorSet.Generate(settings.Points, Requests, settings.Dimension, settings.Seed);

    public async Task FillAsync(ServerConnections connections, CancellationToken cancellationToken)
    {
        CollectionConfig config = new() { Name = settings.Collection, Dimension = (uint)settings.Dimension, Metric = settings.Metric };
        CreateCollectionRequest create = new() { Config = config };
        await connections.Collections.CreateCollectionAsync(create, cancellationToken: cancellationToken);
        foreach (int[] rows in Enumerable.Range(0, settings.Points).Chunk(BatchSize))
            await connections.Points(0).UpsertAsync(Upsert(rows), cancellationToken: cancellationToken);
    }

    /// <summary>What the load is made of.</summary>
    public RequestImage[] NewRequests() => [.. Enumerable.Range(0, Requests).Select(i => settings.Batch == 0
        ? Image(Search, settings.Deadline, RequestImage.Frame(NewSearch(i)))
        : Image(SearchBatch, settings.Deadline, RequestImage.Frame(NewBatch(i, settings.Batch))))];

    /// <summary>
    /// What clients send that stop in the middle: a stream of searches that is not read, a message of an upsert stream of which a half comes,
    /// and a large batch whose answer is not read.
    /// </summary>
    public RequestImage[] NewStalledRequests()
    {
        byte[] searches = [.. Enumerable.Range(0, StalledQueries).SelectMany(i => RequestImage.Frame(NewSearch(i)))];
        byte[] upsert = RequestImage.Frame(Upsert([.. Enumerable.Range(0, Math.Min(StalledPoints, settings.Points))]));
        byte[] batch = RequestImage.Frame(NewBatch(0, StalledQueries));
        return
        [
            Image(SearchStream, null, searches, isWhole: false),
            Image(UpsertStream, null, upsert.AsSpan(0, upsert.Length / 2), isWhole: false),
            Image(SearchBatch, null, batch),
        ];
    }

    private RequestImage Image(string path, TimeSpan? deadline, ReadOnlySpan<byte> body, bool isWhole = true) =>
        new(address.Authority, path, deadline, body, isWhole);

    private SearchBatchRequest NewBatch(int first, int count) => new()
    {
        Collection = settings.Collection,
        Queries = { Enumerable.Range(first, count).Select(NewSearch) },
    };

    private SearchRequest NewSearch(int number)
    {
        SearchRequest search = new()
        {
            Collection = settings.Collection,
            Vector = PackedVectors.FromSingles(_vectors.Queries[number % Requests]),
            K = (uint)settings.K,
        };
        if (settings.Ef > 0)
            search.Ef = (uint)settings.Ef;
        return search;
    }

    private UpsertRequest Upsert(int[] rows)
    {
        UpsertRequest request = new() { Collection = settings.Collection };
        foreach (int row in rows)
            request.Points.Add(new Point { Id = new PointId { Num = (ulong)row }, Vector = PackedVectors.FromSingles(_vectors.Rows[row]) });
        return request;
    }
}
