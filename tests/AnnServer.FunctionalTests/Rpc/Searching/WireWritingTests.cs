using System.Diagnostics.Metrics;
using AnnServer.Engine;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Rpc;
using AnnServer.Rpc.Searching;
using AnnServer.Testing;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.FunctionalTests.Rpc.Searching;

/// <summary>What the writers of searches write, read by the generated parsers.</summary>
public sealed class WireWritingTests
{
    private const int Dimension = 3;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 4)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Answers_OfRandomPoints_AreReadByTheGeneratedParser(int seed)
    {
        Random random = new(seed);
        using TempDirectory directory = new();
        await using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        await using Database database = await Database.OpenAsync(
            new DatabaseOptions { DataDirectory = directory.Path }, NullLoggerFactory.Instance, services.GetRequiredService<IMeterFactory>(), Cancellation);
        CollectionConfig config = new() { Name = "points", Dimension = Dimension, Metric = Metric.L2 };
        await database.CreateCollectionAsync(config, new Faults(), Cancellation);
        Collection collection = database.GetCollection("points").Value;
        Point[] points = [.. Enumerable.Range(0, 300).Select(i => new Point(Id(random, i), Vector(random), Attributes(random)))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);

        for (int i = 0; i < 50; i++)
        {
            Wire.SearchBatchRequest request = new() { Queries = { Enumerable.Range(0, random.Next(1, 5)).Select(_ => Query(random)) } };
            WireSearchBatch batch = SearchMethods.SearchBatch.ContextualDeserializer(new ArrivedMessage(request.ToByteArray()));
            Faults faults = new();
            batch.Complete(faults);
            Assert.True(collection.TrySearchBatch(batch.Queries, batch.Answers, long.MaxValue, faults, Cancellation).Value);
            Wire.SearchBatchResponse expected = new() { Results = { request.Queries.Select((query, at) => Expected(query, batch.Answers[at])) } };

            Assert.Equal(expected, Write(SearchMethods.SearchBatch, batch, Wire.SearchBatchResponse.Parser));

            WireSearch search = SearchMethods.Search.ContextualDeserializer(new ArrivedMessage(request.Queries[0].ToByteArray()));
            search.Complete(faults);
            Assert.True(collection.TrySearch(search.Query, search.Answer, long.MaxValue, faults, Cancellation).Value);
            Wire.SearchResponse one = Expected(request.Queries[0], search.Answer);

            Assert.Equal(one, Write(SearchMethods.Search, search, Wire.SearchResponse.Parser));
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TResponse Write<T, TResponse>(Marshaller<T> marshaller, T answered, MessageParser<TResponse> parser)
        where TResponse : IMessage<TResponse>
    {
        LeavingMessage message = new();
        marshaller.ContextualSerializer(answered, message);
        Assert.True(message.IsComplete);
        return parser.ParseFrom(message.Written);
    }

    // Through the generated messages, which the answers of other methods are made of.
    private static Wire.SearchResponse Expected(Wire.SearchRequest request, SearchAnswer answer)
    {
        Wire.SearchResponse response = new() { Report = request.Explain ? ResponseMapper.ToWire(answer.Report) : null };
        foreach (SearchHit hit in answer.Hits)
        {
            Wire.Hit wire = new() { Id = PointIdMapper.ToWire(hit.Id), Score = hit.Score };
            AttributeMapper.ToWire(hit.Attributes, wire.Attributes);
            wire.Group = request.GroupBy is null ? null : AttributeMapper.ToWire(hit.Group);
            wire.Vector = request.WithVector ? VectorMapper.ToWire(hit.Vector) : null;
            response.Hits.Add(wire);
        }

        int groups = response.Hits.Select(hit => hit.Group).Distinct().Count();
        Assert.True(request.GroupBy is null ? request.K == response.Hits.Count : groups > 0 && groups <= request.K);
        return response;
    }

    // Some with many hits, so that lengths take one byte, two and three.
    private static Wire.SearchRequest Query(Random random) => new()
    {
        Vector = VectorMapper.ToWire(Vector(random)),
        K = (uint)random.Next(1, random.Next(3) == 0 ? 300 : 12),
        Exact = random.Next(2) == 0,
        WithAttributes = random.Next(2) == 0,
        WithVector = random.Next(2) == 0,
        Explain = random.Next(2) == 0,
        GroupBy = random.Next(4) == 0 ? new Wire.GroupBy { Attribute = $"a{random.Next(10)}", GroupSize = 3 } : null,
    };

    private static float[] Vector(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => (float)random.Next(-3, 4))];

    private static PointId Id(Random random, int i) => random.Next(3) switch
    {
        0 => PointId.FromKey($"{new string('ö', random.Next(100))}{i}"),
        1 => PointId.FromNumber(ulong.MaxValue - (ulong)i),
        _ => PointId.FromNumber((ulong)i),
    };

    private static Dictionary<string, AttributeValue> Attributes(Random random)
    {
        Dictionary<string, AttributeValue> attributes = [];
        for (int i = random.Next(4); i > 0; i--)
        {
            attributes[$"a{random.Next(10)}"] = random.Next(8) switch
            {
                0 => AttributeValue.Of(new string('t', random.Next(400))),
                1 => AttributeValue.Of(random.NextInt64()),
                2 => AttributeValue.Of(random.NextDouble()),
                3 => AttributeValue.Of(random.Next(2) == 0),
                4 => AttributeValue.Of(DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(1_000_000_000_000_000))),
                5 => AttributeValue.Of(new GeoPoint((random.NextDouble() * 180) - 90, (random.NextDouble() * 360) - 180)),
                6 => AttributeValue.Of(["one", "zwölf", ""]),
                _ => AttributeValue.Of([1, -1, long.MaxValue]),
            };
        }

        return attributes;
    }
}
