using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using AnnServer.Rpc.Searching;
using AnnServer.Security.Limits;
using Grpc.Core;
using Durability = AnnServer.Engine.Model.Durability;

namespace AnnServer.Rpc;

/// <summary>
/// Every method maps, calls the engine and maps back. Short searches run on the thread of the request, long work on
/// <see cref="LongWork"/>.
/// </summary>
internal sealed class PointsService(
    DatabaseHost database, LongWork longWork, Turns turns, StreamDrain drain, CallerAdmission callers, IHostApplicationLifetime lifetime)
    : Points.PointsBase
{
    /// <summary>
    /// Messages of one upsert stream that may wait for the disk at once, so that they share its flushes: as many small ones as can be
    /// written while it flushes. How many points wait to be written is bounded by their order. Messages beyond it stay with the client.
    /// </summary>
    private const int UpsertsInFlight = 256;

    public override async Task<UpsertResponse> Upsert(UpsertRequest request, ServerCallContext context)
    {
        Faults faults = new();
        Durability durability = RequestMapper.ToModel(request.Durability, faults);
        var points = RequestMapper.ToPoints(request, faults);
        var written = await Find(request.Collection).UpsertAsync(points, faults, context.CancellationToken, durability);
        return ResponseMapper.ToUpsert(written.OrThrow());
    }

    public override async Task UpsertStream(
        IAsyncStreamReader<UpsertRequest> requestStream, IServerStreamWriter<UpsertResponse> responseStream, ServerCallContext context)
    {
        using StreamDrain.Scope open = drain.Enter();
        WriteOrder order = new();
        PacedReader<UpsertRequest> requests = new(callers.Limit(requestStream, context), order.WaitForRoomAsync);
        await OrderedStream.AnswerAsync(
            requests, responseStream, UpsertsInFlight, BeginAsync, lifetime.ApplicationStopping, context.CancellationToken);

        async Task<UpsertResponse> BeginAsync(UpsertRequest request, CancellationToken cancellation)
        {
            Faults faults = new();
            Durability durability = RequestMapper.ToModel(request.Durability, faults);
            var points = RequestMapper.ToPoints(request, faults);
            var written = await Find(request.Collection).UpsertAsync(points, order, faults, cancellation, durability);
            return ResponseMapper.ToUpsert(written.OrThrow());
        }
    }

    public override Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        Faults faults = new();
        var ids = PointIdMapper.ToModel(request.Ids, "ids", faults);
        var found = Find(request.Collection).Get(ids, request.WithAttributes, request.WithVector, request.ReadAfter, faults);
        return Task.FromResult(ResponseMapper.ToGet(found.OrThrow()));
    }

    public override async Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        Faults faults = new();
        Durability durability = RequestMapper.ToModel(request.Durability, faults);
        var ids = RequestMapper.ToSelection(request, faults, out FilterSpec filter);
        Collection collection = Find(request.Collection);
        // The identifiers are a message of their own on the wire.
        using Faults.Scope scope = ids is not null ? faults.Within("ids") : default;
        var deleted = ids is not null
            ? await collection.DeleteAsync(ids, faults, context.CancellationToken, durability)
            : await await RunAsync(collection, cancellation => collection.DeleteAsync(filter, faults, cancellation, durability).AsTask(), context);
        return ResponseMapper.ToDelete(deleted.OrThrow());
    }

    public override async Task<UpdateAttributesResponse> UpdateAttributes(UpdateAttributesRequest request, ServerCallContext context)
    {
        Faults faults = new();
        Durability durability = RequestMapper.ToModel(request.Durability, faults);
        var updates = RequestMapper.ToUpdates(request, faults);
        var updated = await Find(request.Collection).UpdateAttributesAsync(updates, faults, context.CancellationToken, durability);
        return ResponseMapper.ToUpdate(updated.OrThrow());
    }

    public override async Task<CountResponse> Count(CountRequest request, ServerCallContext context)
    {
        Faults faults = new();
        FilterSpec filter = FilterMapper.ToModel(request.Filter, faults);
        Collection collection = Find(request.Collection);
        var count = filter.IsNone
            ? collection.Count(filter, request.ReadAfter, faults, context.CancellationToken)
            : await RunAsync(collection, cancellation => collection.Count(filter, request.ReadAfter, faults, cancellation), context);
        return new CountResponse { Count = (ulong)count.OrThrow() };
    }

    public override async Task<ScrollResponse> Scroll(ScrollRequest request, ServerCallContext context)
    {
        Faults faults = new();
        ScrollQuery query = RequestMapper.ToQuery(request, faults);
        Collection collection = Find(request.Collection);
        var page = await RunAsync(collection, cancellation => collection.Scroll(query, faults, cancellation), context);
        return ResponseMapper.ToScroll(page.OrThrow());
    }

    public override async Task<FacetsResponse> Facets(FacetsRequest request, ServerCallContext context)
    {
        Faults faults = new();
        FacetQuery query = RequestMapper.ToQuery(request, faults);
        Collection collection = Find(request.Collection);
        var counted = await RunAsync(collection, cancellation => collection.Facets(query, faults, cancellation), context);
        return ResponseMapper.ToFacets(counted.OrThrow());
    }

    public override async Task<SampleResponse> Sample(SampleRequest request, ServerCallContext context)
    {
        Faults faults = new();
        SampleQuery query = RequestMapper.ToQuery(request, faults);
        Collection collection = Find(request.Collection);
        var drawn = await RunAsync(collection, cancellation => collection.Sample(query, faults, cancellation), context);
        return ResponseMapper.ToSample(drawn.OrThrow());
    }

    /// <summary>The methods that search have messages of their own; see <see cref="SearchMethods"/>.</summary>
    public Task<WireSearch> Search(WireSearch search, ServerCallContext context) =>
        AnswerAsync(search, mayRefuse: true, context.CancellationToken).AsTask();

    public async Task<WireSearchBatch> SearchBatch(WireSearchBatch batch, ServerCallContext context)
    {
        Faults faults = new();
        batch.Complete(faults);
        Collection collection = Find(batch.Collection);
        bool isAnswered;
        using (await turns.TakeAsync(mayRefuse: true, context.CancellationToken))
        {
            isAnswered = collection.TrySearchBatch(batch.Queries, batch.Answers, longWork.Distances, faults, context.CancellationToken).OrThrow();
        }

        if (!isAnswered)
        {
            var answered = await longWork.RunAsync(
                cancellation => collection.TrySearchBatch(batch.Queries, batch.Answers, long.MaxValue, faults, cancellation),
                context.CancellationToken);
            answered.OrThrow();
        }

        return batch;
    }

    public async Task SearchStream(
        IAsyncStreamReader<WireSearch> searches, IServerStreamWriter<WireSearch> answers, ServerCallContext context)
    {
        using StreamDrain.Scope open = drain.Enter();
        await new SearchStream(callers.Limit(searches, context), answers, AnswerStreamedAsync)
            .RunAsync(lifetime.ApplicationStopping, context.CancellationToken);
    }

    private ValueTask<WireSearch> AnswerStreamedAsync(WireSearch search, CancellationToken cancellation) =>
        AnswerAsync(search, mayRefuse: false, cancellation);

    private async ValueTask<WireSearch> AnswerAsync(WireSearch search, bool mayRefuse, CancellationToken cancellation)
    {
        Faults faults = new();
        search.Complete(faults);
        Collection collection = Find(search.Collection);
        bool isAnswered;
        using (await turns.TakeAsync(mayRefuse, cancellation))
        {
            isAnswered = collection.TrySearch(search.Query, search.Answer, longWork.Distances, faults, cancellation).OrThrow();
        }

        if (!isAnswered)
        {
            await AnswerLongAsync(collection, search, faults, cancellation);
        }

        return search;
    }

    // A method of its own, for what it captures is not to be made for the short ones.
    private async Task AnswerLongAsync(Collection collection, WireSearch search, Faults faults, CancellationToken cancellation) =>
        (await longWork.RunAsync(token => collection.TrySearch(search.Query, search.Answer, long.MaxValue, faults, token), cancellation)).OrThrow();

    // What may look at every point of the collection counts as a distance to each.
    private ValueTask<T> RunAsync<T>(Collection collection, Func<CancellationToken, T> work, ServerCallContext context) =>
        collection.PointCount > longWork.Distances
            ? longWork.RunAsync(work, context.CancellationToken)
            : ValueTask.FromResult(work(context.CancellationToken));

    private Collection Find(string name) => database.Current.GetCollection(name).OrThrow();
}
