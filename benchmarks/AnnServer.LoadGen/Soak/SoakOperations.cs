using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Soak;

/// <summary>The operations of one worker.</summary>
internal sealed class SoakOperations(
    Points.PointsClient points, SoakSettings settings, SoakContent content, SoakLedger ledger, SoakTally tally, Random random)
{
    private const int MostPoints = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ulong _ids = (ulong)Math.Ceiling(settings.Points / settings.Mix.LivePart);

    public Task RunAsync(OperationKind kind) => kind switch
    {
        OperationKind.Search => SearchAsync(content.Searches),
        OperationKind.Filtered => SearchAsync(content.Filtered),
        OperationKind.Batch => SearchBatchAsync(),
        OperationKind.Upsert => UpsertAsync(),
        OperationKind.Delete => DeleteAsync(),
        OperationKind.Update => UpdateAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of operation."),
    };

    private async Task SearchAsync(IReadOnlyList<SearchRequest> searches)
    {
        SearchResponse response = await points.SearchAsync(searches[random.Next(searches.Count)], Options());
        CheckCount(response);
    }

    private async Task SearchBatchAsync()
    {
        SearchBatchRequest batch = content.Batches[random.Next(content.Batches.Count)];
        SearchBatchResponse response = await points.SearchBatchAsync(batch, Options());
        tally.Wrong.Expect(
            response.Results.Count == batch.Queries.Count, $"a batch of {batch.Queries.Count} queries has {response.Results.Count} results");
        foreach (SearchResponse result in response.Results)
            CheckCount(result);
    }

    private void CheckCount(SearchResponse response) =>
        tally.Wrong.Expect(response.Hits.Count == settings.K, $"a search answered {response.Hits.Count} of {settings.K} results");

    private async Task UpsertAsync()
    {
        UpsertRequest request = new() { Collection = settings.Collection };
        List<ulong> ids = Draw(_ => content.Replaced(random), (id, version) => request.Points.Add(content.ToPoint(id, version!.Value)));
        await WriteAsync(ids, async () =>
        {
            UpsertResponse response = await points.UpsertAsync(request, Options());
            tally.Wrong.Expect(response.Upserted == (ulong)ids.Count, $"an upsert of {ids.Count} points answered {response.Upserted}");
        });
    }

    private async Task DeleteAsync()
    {
        DeleteRequest request = new() { Collection = settings.Collection, Ids = new PointIdList() };
        List<ulong> ids = Draw(_ => null, (id, _) => request.Ids.Ids.Add(new PointId { Num = id }));
        await WriteAsync(ids, async () => await points.DeleteAsync(request, Options()));
    }

    private async Task UpdateAsync()
    {
        UpdateAttributesRequest request = new() { Collection = settings.Collection };
        List<ulong> ids = Draw(content.Updated, (id, version) => request.Updates.Add(content.ToUpdate(id, version ?? default)));
        await WriteAsync(ids, async () => await points.UpdateAttributesAsync(request, Options()));
    }

    private List<ulong> Draw(Func<PointVersion?, PointVersion?> change, Action<ulong, PointVersion?> add)
    {
        List<ulong> ids = [];
        int wanted = 1 + random.Next(MostPoints);
        // A point that another write is on its way to is passed over; there may be no other in a small collection.
        for (int tries = 0; ids.Count < wanted && tries < 10 * MostPoints; tries++)
        {
            ulong id = (ulong)random.NextInt64((long)_ids);
            if (!ledger.TrySend(id, change, out PointVersion? version))
                continue;
            ids.Add(id);
            add(id, version);
        }
        return ids;
    }

    private async Task WriteAsync(List<ulong> ids, Func<Task> write)
    {
        if (ids.Count == 0)
            return;
        try
        {
            await write();
        }
        catch (RpcException failure) when (failure.StatusCode is StatusCode.ResourceExhausted or StatusCode.InvalidArgument)
        {
            // Whatever else went wrong, the write may have been made: the ledger keeps it as sent.
            ledger.Refuse(ids);
            throw;
        }
        ledger.Acknowledge(ids);
    }

    private static CallOptions Options() => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Patience);
}
