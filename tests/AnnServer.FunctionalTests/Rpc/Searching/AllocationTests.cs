using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using AnnServer.Rpc;
using AnnServer.Rpc.Searching;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace AnnServer.FunctionalTests.Rpc.Searching;

/// <summary>What a search allocates between the bytes of its request and those of its answer.</summary>
public sealed class AllocationTests(ServerFixture server) : ServerTest(server)
{
    private const int Calls = 1000;
    private const int Batch = 32;
    private const int MostRounds = 50;
    private const long MostForOne = 200;
    private const long MostForBatch = Batch * 40;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Search_AfterWarmUp_AllocatesATaskAndNothingThatGrows(bool exact)
    {
        SearchRequest request = new() { Collection = await LoadAsync(), Vector = Query(), K = 10, Ef = 40 };
        if (exact)
        {
            request.Exact = true;
        }

        ArrivedMessage arrived = new(request.ToByteArray());
        LeavingMessage leaving = new();
        PointsService service = Server.Host.Services.GetRequiredService<PointsService>();
        CallContext context = new();
        long bytes = await MeasureAsync(MostForOne, () =>
        {
            WireSearch search = SearchMethods.Search.ContextualDeserializer(arrived);
            leaving.Clear();
            SearchMethods.Search.ContextualSerializer(service.Search(search, context).GetAwaiter().GetResult(), leaving);
        });

        Assert.Equal(10, SearchResponse.Parser.ParseFrom(leaving.Written).Hits.Count);
        Assert.InRange(bytes, 1, MostForOne);
    }

    [Fact]
    public async Task SearchBatch_AfterWarmUp_AllocatesAFewBytesAQuery()
    {
        SearchBatchRequest request = new() { Collection = await LoadAsync() };
        request.Queries.AddRange(Enumerable.Range(0, Batch).Select(_ => new SearchRequest { Vector = Query(), K = 10, Ef = 40 }));
        ArrivedMessage arrived = new(request.ToByteArray());
        LeavingMessage leaving = new();
        PointsService service = Server.Host.Services.GetRequiredService<PointsService>();
        CallContext context = new();
        long bytes = await MeasureAsync(MostForBatch, () =>
        {
            WireSearchBatch batch = SearchMethods.SearchBatch.ContextualDeserializer(arrived);
            leaving.Clear();
            SearchMethods.SearchBatch.ContextualSerializer(service.SearchBatch(batch, context).GetAwaiter().GetResult(), leaving);
        });

        Assert.Equal(Batch, SearchBatchResponse.Parser.ParseFrom(leaving.Written).Results.Count);
        Assert.InRange(bytes, 1, MostForBatch);
    }

    // Bytes a call, on this thread, once they are within the bound: code that is not yet compiled with all optimisations allocates what
    // these do without, and on a busy machine that takes its time.
    private static async Task<long> MeasureAsync(long most, Action call)
    {
        long bytes = long.MaxValue;
        for (int round = 0; round < MostRounds && bytes > most; round++)
        {
            await Task.Delay(round == 0 ? 0 : 100, Cancellation);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Calls; i++)
            {
                call();
            }

            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
        }

        return bytes;
    }

    private static Vector Query() => Make.Packed([.. Enumerable.Range(0, 64).Select(i => (float)i)]);

    // More than are compared one by one, so that the graph is walked.
    private async Task<string> LoadAsync()
    {
        Random random = new(1);
        string collection = await CreateAsync(64);
        await UpsertAsync(collection, [.. Enumerable.Range(0, 2000).Select(i =>
            Make.Point((ulong)i, Make.Packed([.. Enumerable.Range(0, 64).Select(_ => random.NextSingle())])))]);
        return collection;
    }

    /// <summary>Of a call that nobody cancels.</summary>
    private sealed class CallContext : ServerCallContext
    {
        protected override string MethodCore => "";

        protected override string HostCore => "";

        protected override string PeerCore => "";

        protected override DateTime DeadlineCore => DateTime.MaxValue;

        protected override Metadata RequestHeadersCore { get; } = [];

        protected override CancellationToken CancellationTokenCore => CancellationToken.None;

        protected override Metadata ResponseTrailersCore { get; } = [];

        protected override Grpc.Core.Status StatusCore { get; set; }

        protected override WriteOptions? WriteOptionsCore { get; set; }

        protected override AuthContext AuthContextCore { get; } = new("", []);

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
            throw new NotSupportedException("Nothing is called from here.");

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
