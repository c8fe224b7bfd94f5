using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>
/// What accepted writes have left: the collections, and the identifiers of their points. Writes go through here one after another; what was
/// refused is to have left nothing. One collection nobody writes to: it has to answer as it always does.
/// </summary>
internal sealed class WrittenPoints(GrpcChannel channel) : IDisposable
{
    private const string Kept = "kept";
    private const int KeptPoints = 100;
    private const int WritesBetweenChecks = 50;

    private static readonly string[] Always = ["points", "others"];

    private readonly Dictionary<string, HashSet<string>> _points = [];
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly Points.PointsClient _client = new(channel);
    private readonly Collections.CollectionsClient _collections = new(channel);
    private int _writes;

    public async Task StartAsync(CancellationToken cancellation)
    {
        await CreateAsync(Kept, cancellation);
        UpsertRequest upsert = new() { Collection = Kept };
        upsert.Points.AddRange(Enumerable.Range(0, KeptPoints).Select(static i => Make.Point((ulong)i, Make.Vector(i, 0, 0, 0))));
        await _client.UpsertAsync(upsert, cancellationToken: cancellation);
        await CreateMissingAsync(cancellation);
    }

    /// <summary>Makes one write, and notes what it has changed.</summary>
    public async Task<CallOutcome> WriteAsync(CallInput call, Func<Task<CallOutcome>> send, CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            CallOutcome outcome = await send();
            await ApplyAsync(call, outcome, cancellation);
            if (++_writes % WritesBetweenChecks == 0)
            {
                await CheckAsync(cancellation);
            }

            return outcome;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Everything is there that was written, nothing else, and the collection that nobody writes to answers right.</summary>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        await AnswersAsync(cancellation);
        Dictionary<string, HashSet<string>> found = await ReadAsync(cancellation);
        Assert.Equal(_points.Keys.Order(), found.Keys.Order());
        foreach ((string name, HashSet<string> points) in _points)
        {
            Assert.Equal(points.Order(), found[name].Order());
            CountResponse count = await _client.CountAsync(new CountRequest { Collection = name }, cancellationToken: cancellation);
            Assert.Equal((ulong)points.Count, count.Count);
        }

        await CreateMissingAsync(cancellation);
    }

    /// <summary>The collection that nobody writes to answers a search as it always does.</summary>
    public async Task AnswersAsync(CancellationToken cancellation)
    {
        SearchRequest search = new() { Collection = Kept, Vector = Make.Vector(42.25f, 0, 0, 0), K = 5 };
        SearchResponse answer = await _client.SearchAsync(search, cancellationToken: cancellation);
        Assert.Equal([42UL, 43UL, 41UL, 44UL, 40UL], answer.Hits.Select(static hit => hit.Id.Num));
        Assert.Equal([0.25f, 0.75f, 1.25f, 1.75f, 2.25f], answer.Hits.Select(static hit => hit.Score));
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task ApplyAsync(CallInput call, CallOutcome outcome, CancellationToken cancellation)
    {
        List<byte[]>? messages = CallInputs.Unframe(call.Body);
        bool isStream = call.Rpc.IsClientStreaming;
        bool isPath = call.Path == $"/{call.Rpc.Service.FullName}/{call.Rpc.Name}";
        if (outcome.IsOk && isPath && messages is not null)
        {
            foreach (byte[] message in messages)
            {
                await ApplyAsync(call.Rpc.Name, message, outcome, cancellation);
            }
        }
        else if (outcome.IsOk && isPath)
        {
            // It was compressed: what it was is not worked out.
            await TakeOverAsync([.. CallInputs.Collections], cancellation);
        }
        else if (isStream)
        {
            // The messages before the one that is wrong are made.
            await TakeOverAsync([.. CallInputs.Collections], cancellation);
        }
    }

    private async Task ApplyAsync(string rpc, byte[] message, CallOutcome outcome, CancellationToken cancellation)
    {
        switch (rpc)
        {
            case "Upsert" or "UpsertStream":
                UpsertRequest upsert = UpsertRequest.Parser.ParseFrom(message);
                _points[upsert.Collection].UnionWith(upsert.Points.Select(static point => NameOf(point.Id)));
                break;
            case "Delete":
                await DeleteAsync(DeleteRequest.Parser.ParseFrom(message), Answer(DeleteResponse.Parser, outcome), cancellation);
                break;
            case "CreateCollection":
                Assert.True(_points.TryAdd(CreateCollectionRequest.Parser.ParseFrom(message).Config.Name, []), "A collection was created twice.");
                break;
            case "DeleteCollection":
                Assert.True(_points.Remove(DeleteCollectionRequest.Parser.ParseFrom(message).Name), "A collection was dropped that is not there.");
                break;
            case "Restore":
                await TakeOverAsync(null, cancellation);
                break;
        }
    }

    private async Task DeleteAsync(DeleteRequest delete, DeleteResponse answer, CancellationToken cancellation)
    {
        HashSet<string> points = _points[delete.Collection];
        int before = points.Count;
        if (delete.SelectorCase == DeleteRequest.SelectorOneofCase.Ids)
        {
            points.ExceptWith(delete.Ids.Ids.Select(NameOf));
        }
        else
        {
            HashSet<string> left = await ReadAsync(delete.Collection, cancellation);
            Assert.Subset(points, left);
            _points[delete.Collection] = points = left;
        }

        Assert.Equal((ulong)(before - points.Count), answer.Deleted);
    }

    // Takes what is there for right: in collections of these names, or, after a restore, in all.
    private async Task TakeOverAsync(string[]? names, CancellationToken cancellation)
    {
        Dictionary<string, HashSet<string>> found = await ReadAsync(cancellation);
        foreach (string name in _points.Keys.Union(found.Keys).ToArray())
        {
            if (names is not null && !names.Contains(name))
            {
                continue;
            }

            if (found.TryGetValue(name, out HashSet<string>? points))
            {
                _points[name] = points;
            }
            else
            {
                _points.Remove(name);
            }
        }
    }

    private async Task<Dictionary<string, HashSet<string>>> ReadAsync(CancellationToken cancellation)
    {
        ListCollectionsResponse listed = await _collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: cancellation);
        Dictionary<string, HashSet<string>> found = [];
        foreach (string name in listed.Collections.Select(static collection => collection.Config.Name).Where(static name => name != Kept))
        {
            found.Add(name, await ReadAsync(name, cancellation));
        }

        return found;
    }

    private async Task<HashSet<string>> ReadAsync(string name, CancellationToken cancellation)
    {
        HashSet<string> points = [];
        ScrollRequest scroll = new() { Collection = name, PageSize = 2000 };
        do
        {
            ScrollResponse page = await _client.ScrollAsync(scroll, cancellationToken: cancellation);
            points.UnionWith(page.Points.Select(static point => NameOf(point.Id)));
            scroll.PageToken = page.NextPageToken;
        }
        while (scroll.PageToken.Length > 0);
        return points;
    }

    private async Task CreateMissingAsync(CancellationToken cancellation)
    {
        foreach (string name in Always.Where(name => !_points.ContainsKey(name)))
        {
            if (_points.Count >= CallInputs.Collections.Length)
            {
                break;
            }

            await CreateAsync(name, cancellation);
            _points.Add(name, []);
        }
    }

    private async Task CreateAsync(string name, CancellationToken cancellation)
    {
        CollectionConfig config = new() { Name = name, Dimension = 4, Metric = Metric.L2 };
        config.Attributes.AddRange(
        [
            new AttributeSchema { Name = "lang", Type = AttributeType.Keyword }, new AttributeSchema { Name = "year", Type = AttributeType.Int64 },
            new AttributeSchema { Name = "title", Type = AttributeType.Text }, new AttributeSchema { Name = "place", Type = AttributeType.GeoPoint },
        ]);
        await _collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: cancellation);
    }

    private static T Answer<T>(MessageParser<T> parser, CallOutcome outcome)
        where T : IMessage<T> => parser.ParseFrom(CallInputs.Unframe(outcome.Body)!.Single());

    private static string NameOf(PointId id) => id.IdCase == PointId.IdOneofCase.Num ? $"#{id.Num}" : $"k{id.Key}";
}
