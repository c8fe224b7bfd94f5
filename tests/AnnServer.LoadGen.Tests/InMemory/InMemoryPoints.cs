using AnnServer.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Grpc.Core.Status;
using Value = AnnServer.Protocol.V1.Value;

namespace AnnServer.LoadGen.Tests.InMemory;

internal sealed class InMemoryPoints(PointTable table) : Points.PointsBase
{
    public override Task<UpsertResponse> Upsert(UpsertRequest request, ServerCallContext context)
    {
        if (table.TakeRefusal())
            throw Busy();
        if (!table.TakeLoss())
            table.Upsert(request.Points);
        return Task.FromResult(new UpsertResponse { Upserted = (ulong)request.Points.Count });
    }

    public override async Task UpsertStream(
        IAsyncStreamReader<UpsertRequest> requestStream, IServerStreamWriter<UpsertResponse> responseStream, ServerCallContext context)
    {
        await foreach (UpsertRequest request in requestStream.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(await Upsert(request, context));
    }

    public override Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        GetResponse response = new();
        response.Points.Add(request.Ids.Select(table.Find).OfType<Point>());
        return Task.FromResult(response);
    }

    public override Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        IEnumerable<PointId> ids = request.Ids?.Ids ?? table.Select(request.Filter).Select(point => point.Id);
        return Task.FromResult(new DeleteResponse { Deleted = (ulong)table.Delete(ids) });
    }

    public override Task<UpdateAttributesResponse> UpdateAttributes(UpdateAttributesRequest request, ServerCallContext context)
    {
        UpdateAttributesResponse response = new();
        foreach (AttributeUpdate update in request.Updates)
        {
            if (table.Find(update.Id) is not { } point)
            {
                response.NotFound.Add(update.Id);
                continue;
            }
            response.Updated++;
            if (update.Replace)
                point.Attributes.Clear();
            foreach ((string name, Value value) in update.Set)
                point.Attributes[name] = value;
            foreach (string name in update.Remove)
                point.Attributes.Remove(name);
            if (table.Fault != Fault.ForgetsAttributeUpdates)
                table.Upsert([point]);
        }
        return Task.FromResult(response);
    }

    public override Task<CountResponse> Count(CountRequest request, ServerCallContext context)
    {
        int extra = table.Fault == Fault.CountsTooMany ? 1 : 0;
        return Task.FromResult(new CountResponse { Count = (ulong)(table.Select(request.Filter).Count + extra) });
    }

    public override Task<ScrollResponse> Scroll(ScrollRequest request, ServerCallContext context)
    {
        List<Point> points = table.Select(request.Filter);
        if (request.Order is { Attribute: "weight" } order)
        {
            int sign = order.Descending ? -1 : 1;
            points = [.. points.OrderBy(point => sign * point.Attributes["weight"].DoubleValue).ThenBy(point => point.Id.Num)];
        }
        int from = request.PageToken.Length == 0 ? 0 : int.Parse(request.PageToken);
        int to = from + (int)request.PageSize;
        ScrollResponse response = new() { NextPageToken = to < points.Count ? $"{to}" : "" };
        response.Points.Add(points.Skip(from).Take((int)request.PageSize));
        return Task.FromResult(response);
    }

    public override Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
    {
        if (table.Fault == Fault.RefusesSearches)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "No searches."));
        return Task.FromResult(table.Search(request));
    }

    public override Task<SearchBatchResponse> SearchBatch(SearchBatchRequest request, ServerCallContext context)
    {
        SearchBatchResponse response = new();
        response.Results.Add(request.Queries.Select(table.Search));
        return Task.FromResult(response);
    }

    public override async Task SearchStream(
        IAsyncStreamReader<SearchRequest> requestStream, IServerStreamWriter<SearchResponse> responseStream, ServerCallContext context)
    {
        await foreach (SearchRequest request in requestStream.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(await Search(request, context));
    }

    private static RpcException Busy()
    {
        RetryInfo advice = new() { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1)) };
        return new Google.Rpc.Status
        {
            Code = (int)Code.ResourceExhausted,
            Message = "Busy.",
            Details = { Any.Pack(advice) },
        }.ToRpcException();
    }
}
