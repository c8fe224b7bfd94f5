using AnnServer.Engine.Model;
using AnnServer.Protocol.V1;
using AnnServer.Rpc;
using AnnServer.Rpc.Searching;
using Google.Protobuf;
using Grpc.Core;
using Diversity = AnnServer.Protocol.V1.Diversity;
using GroupBy = AnnServer.Protocol.V1.GroupBy;

namespace AnnServer.FunctionalTests.Rpc.Searching;

/// <summary>The readers of searches against the generated parsers.</summary>
public sealed class WireReadingTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 8)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Search_RandomMessages_ReadAsByTheGeneratedParser(int seed)
    {
        RandomRequests random = new(seed);
        IEnumerable<byte[]> messages = Enumerable.Range(0, 2000).Select(_ => random.Search());

        Assert.InRange(CountRead(messages, random, SearchRequest.Parser, SearchMethods.Search, AssertSame), 1000, 1999);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void SearchBatch_RandomMessages_ReadAsByTheGeneratedParser(int seed)
    {
        RandomRequests random = new(1000 + seed);
        IEnumerable<byte[]> messages = Enumerable.Range(0, 1000).Select(_ => random.Batch());

        Assert.InRange(CountRead(messages, random, SearchBatchRequest.Parser, SearchMethods.SearchBatch, AssertSame), 400, 999);
    }

    [Fact]
    public void Search_CollectionThatIsNoUtf8_IsReadAsByTheGeneratedParser()
    {
        byte[] message = [(1 << 3) | 2, 2, 0xC3, 0x28];

        Assert.Equal(Parse(SearchRequest.Parser, message)?.Collection, Read(SearchMethods.Search, message, [])?.Collection);
    }

    [Fact]
    public void Search_GroupsNestedTooDeep_AreRefused()
    {
        byte[] message = [.. Enumerable.Repeat((byte)((15 << 3) | 3), 200), .. Enumerable.Repeat((byte)((15 << 3) | 4), 200)];

        Assert.Null(Parse(SearchRequest.Parser, message));
        Assert.Null(Read(SearchMethods.Search, message, []));
    }

    [Fact]
    public void Search_AfterABigOne_KeepsNothingOfIt()
    {
        SearchRequest big = new()
        {
            Collection = new string('c', 10_000),
            Vector = new Vector { Values = { Enumerable.Range(0, 20_000).Select(i => (float)i) } },
            K = 5,
            Filter = new Filter { Expression = "a = 1" },
            Ef = 7,
            WithAttributes = true,
            WithVector = true,
            ScoreThreshold = 1,
            Explain = true,
            ReadAfter = 9,
            GroupBy = new GroupBy { Attribute = "a", GroupSize = 3 },
            Diversity = new Diversity { Lambda = 0.25, Candidates = 70 },
        };
        WireSearch search = new();
        search.Read(big.ToByteArray());
        search.Clear();
        search.Read([]);

        AssertSame(new SearchRequest(), search);
    }

    // How many are read, which are those that the generated parser reads, and as it does.
    private static int CountRead<TExpected, TActual>(
        IEnumerable<byte[]> messages,
        RandomRequests random,
        MessageParser<TExpected> parser,
        Marshaller<TActual> marshaller,
        Action<TExpected, TActual> assertSame)
        where TExpected : class, IMessage<TExpected>
        where TActual : class
    {
        int read = 0;
        foreach ((int i, byte[] message) in messages.Index())
        {
            TExpected? expected = Parse(parser, message);
            TActual? actual = Read(marshaller, message, random.Cuts(message.Length));

            Assert.True(expected is null == actual is null, $"seed {random.Seed}, message {i}: {Convert.ToHexString(message)}");
            if (actual is not null)
            {
                read++;
                assertSame(expected!, actual);
                // Back to where the next is taken from, as after an answer.
                marshaller.ContextualSerializer(actual, new LeavingMessage());
            }
        }

        return read;
    }

    private static T? Parse<T>(MessageParser<T> parser, byte[] message)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(message);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidOperationException)
        {
            return null;
        }
    }

    private static T? Read<T>(Marshaller<T> marshaller, byte[] message, int[] cuts)
        where T : class
    {
        try
        {
            return marshaller.ContextualDeserializer(new ArrivedMessage(message, cuts));
        }
        catch (RpcException e)
        {
            Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
            Assert.StartsWith("The message cannot be read: ", e.Status.Detail, StringComparison.Ordinal);
            return null;
        }
    }

    private static void AssertSame(SearchBatchRequest expected, WireSearchBatch actual)
    {
        Assert.Equal(expected.Collection, actual.Collection);
        Assert.Equal(expected.Queries.Count, actual.Queries.Count);
        Assert.Equal(expected.Queries.Count, actual.Answers.Count);
        for (int query = 0; query < actual.Queries.Count; query++)
        {
            AssertSame(expected.Queries[query], actual[query]);
        }
    }

    private static void AssertSame(SearchRequest expected, WireSearch actual)
    {
        Assert.Equal(expected.Collection, actual.Collection);
        Assert.Equal(expected.Filter, actual.Filter);
        Assert.Equal(expected.Explain, actual.Explain);
        Assert.Equal(expected.GroupBy, actual.GroupBy);
        Assert.Equal(expected.Diversity, actual.Diversity);
        SearchQuery query = actual.Query;
        Assert.Equal(expected.K, query.K < int.MaxValue ? (uint)query.K : Math.Max(expected.K, int.MaxValue));
        Assert.Equal(expected.HasEf, query.Ef is not null);
        Assert.Equal(expected.Ef, query.Ef is null or int.MaxValue ? expected.Ef : (uint)query.Ef);
        Assert.Equal(expected.HasRecallTarget, query.RecallTarget is not null);
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected.RecallTarget), BitConverter.DoubleToInt64Bits(query.RecallTarget ?? 0));
        Assert.Equal(expected.HasExact && expected.Exact, query.Exact);
        Assert.Equal(expected.WithAttributes, query.WithAttributes);
        Assert.Equal(expected.WithVector, query.WithVector);
        Assert.Equal(expected.HasScoreThreshold, query.ScoreThreshold is not null);
        Assert.Equal(BitConverter.SingleToInt32Bits(expected.ScoreThreshold), BitConverter.SingleToInt32Bits(query.ScoreThreshold ?? 0));
        Assert.Equal(expected.ReadAfter, query.ReadAfter);

        Faults expectedFaults = new();
        ReadOnlyMemory<float> vector = VectorMapper.ToModel(expected.Vector, "vector", expectedFaults);
        FilterMapper.ToModel(expected.Filter, expectedFaults);
        Faults actualFaults = new();
        actual.Complete(actualFaults);
        Assert.Equal(expected.GroupBy?.Attribute, query.GroupBy?.Attribute);
        Assert.Equal(expected.GroupBy is { } groups ? (int)Math.Clamp(groups.GroupSize, 1, int.MaxValue) : null, query.GroupBy?.Size);
        Assert.Equal(expected.Diversity is { HasLambda: true } diversity ? diversity.Lambda : expected.Diversity is null ? null : 0.5, query.Diversity?.Lambda);
        Assert.Equal(expected.Diversity is { Candidates: > 0 } some ? (int)Math.Min(some.Candidates, int.MaxValue) : null, query.Diversity?.Candidates);
        Assert.Equal(vector.ToArray().Select(BitConverter.SingleToInt32Bits), query.Vector.ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(expectedFaults.Any ? expectedFaults.ToError().Violations : [], actualFaults.Any ? actualFaults.ToError().Violations : []);
    }
}
