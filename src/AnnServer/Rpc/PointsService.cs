using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>Every method maps, calls the engine and maps back. Searches run on the thread of the request.</summary>
internal sealed class PointsService(DatabaseHost database, StreamDrain drain, IHostApplicationLifetime lifetime) : Points.PointsBase
{
    /// <summary>
    /// Messages of one upsert stream that may wait for the disk at once, so that they share its flushes: as many small ones as can be
    /// written while it flushes. How many points wait to be written is bounded by their order. Messages beyond it stay with the client.
    /// </summary>
    private const int UpsertsInFlight = 256;

    public override async Task<UpsertResponse> Upsert(UpsertRequest request, ServerCallContext context)
    {
        Faults faults = new();
        var points = RequestMapper.ToPoints(request, faults);
        var written = await Find(request.Collection).UpsertAsync(points, faults, context.CancellationToken);
        return ResponseMapper.ToUpsert(written.OrThrow());
    }

    public override async Task UpsertStream(
        IAsyncStreamReader<UpsertRequest> requestStream, IServerStreamWriter<UpsertResponse> responseStream, ServerCallContext context)
    {
        using StreamDrain.Scope open = drain.Enter();
        WriteOrder order = new();
        PacedReader<UpsertRequest> requests = new(requestStream, order.WaitForRoomAsync);
        await OrderedStream.AnswerAsync(
            requests, responseStream, UpsertsInFlight, BeginAsync, lifetime.ApplicationStopping, context.CancellationToken);

        async Task<UpsertResponse> BeginAsync(UpsertRequest request, CancellationToken cancellation)
        {
            Faults faults = new();
            var points = RequestMapper.ToPoints(request, faults);
            var written = await Find(request.Collection).UpsertAsync(points, order, faults, cancellation);
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
        var ids = RequestMapper.ToSelection(request, faults, out FilterSpec filter);
        Collection collection = Find(request.Collection);
        // The identifiers are a message of their own on the wire.
        using Faults.Scope scope = ids is not null ? faults.Within("ids") : default;
        var deleted = ids is not null
            ? await collection.DeleteAsync(ids, faults, context.CancellationToken)
            : await collection.DeleteAsync(filter, faults, context.CancellationToken);
        return ResponseMapper.ToDelete(deleted.OrThrow());
    }

    public override async Task<UpdateAttributesResponse> UpdateAttributes(UpdateAttributesRequest request, ServerCallContext context)
    {
        Faults faults = new();
        var updates = RequestMapper.ToUpdates(request, faults);
        var updated = await Find(request.Collection).UpdateAttributesAsync(updates, faults, context.CancellationToken);
        return ResponseMapper.ToUpdate(updated.OrThrow());
    }

    public override Task<CountResponse> Count(CountRequest request, ServerCallContext context)
    {
        Faults faults = new();
        FilterSpec filter = FilterMapper.ToModel(request.Filter, faults);
        long count = Find(request.Collection).Count(filter, request.ReadAfter, faults, context.CancellationToken).OrThrow();
        return Task.FromResult(new CountResponse { Count = (ulong)count });
    }

    public override Task<ScrollResponse> Scroll(ScrollRequest request, ServerCallContext context)
    {
        Faults faults = new();
        ScrollQuery query = RequestMapper.ToQuery(request, faults);
        var page = Find(request.Collection).Scroll(query, faults, context.CancellationToken);
        return Task.FromResult(ResponseMapper.ToScroll(page.OrThrow()));
    }

    public override Task<SearchResponse> Search(SearchRequest request, ServerCallContext context) =>
        Task.FromResult(Search(request, context.CancellationToken));

    public override Task<SearchBatchResponse> SearchBatch(SearchBatchRequest request, ServerCallContext context)
    {
        Faults faults = new();
        var queries = RequestMapper.ToQueries(request, faults);
        var answers = Find(request.Collection).SearchBatch(queries, faults, context.CancellationToken);
        return Task.FromResult(ResponseMapper.ToBatch(answers.OrThrow(), request));
    }

    public override async Task SearchStream(
        IAsyncStreamReader<SearchRequest> requestStream, IServerStreamWriter<SearchResponse> responseStream, ServerCallContext context)
    {
        using StreamDrain.Scope open = drain.Enter();
        await OrderedStream.AnswerAsync(
            requestStream, responseStream, Search, lifetime.ApplicationStopping, context.CancellationToken);
    }

    private SearchResponse Search(SearchRequest request, CancellationToken cancellation)
    {
        Faults faults = new();
        SearchQuery query = RequestMapper.ToQuery(request, faults);
        SearchAnswer answer = Find(request.Collection).Search(query, faults, cancellation).OrThrow();
        return ResponseMapper.ToSearch(answer, request.Explain);
    }

    private Collection Find(string name) => database.Current.GetCollection(name).OrThrow();
}
