using AnnServer.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace AnnServer.CrashTests;

/// <summary>Writes to one collection without end: a pipelined stream of upserts beside unary calls of every kind.</summary>
internal sealed class ChurnClient(Ledger ledger, string collection, int dimension)
{
    private const int Ids = 3000;
    private const int InFlight = 8;

    /// <summary>Returns when the server is gone.</summary>
    public async Task RunAsync(GrpcChannel channel, int seed)
    {
        Task[] writers =
        [
            StreamAsync(new Points.PointsClient(channel), new Random(seed)),
            CallAsync(new Points.PointsClient(channel), new Random(seed + 1)),
            CallAsync(new Points.PointsClient(channel), new Random(seed + 2)),
        ];
        await Task.WhenAll(writers);
    }

    private async Task StreamAsync(Points.PointsClient client, Random random)
    {
        using AsyncDuplexStreamingCall<UpsertRequest, UpsertResponse> call = client.UpsertStream();
        using var window = new SemaphoreSlim(InFlight);
        var batches = new System.Collections.Concurrent.ConcurrentQueue<ulong[]>();
        Task reading = ReadAsync();
        try
        {
            while (!reading.IsCompleted)
            {
                await Task.WhenAny(window.WaitAsync(), reading);
                UpsertRequest request = Upserts(random);
                batches.Enqueue([.. request.Points.Select(point => point.Id.Num)]);
                await call.RequestStream.WriteAsync(request);
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            // The server was killed; what is in the queue was sent and not acknowledged.
            await Task.WhenAny(reading);
        }

        await reading;

        async Task ReadAsync()
        {
            try
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                    Assert.True(batches.TryDequeue(out ulong[]? ids));
                    Assert.Equal((ulong)ids.Length, call.ResponseStream.Current.Upserted);
                    ledger.Acknowledge(ids);
                    window.Release();
                }
            }
            catch (Exception e) when (IsGone(e))
            {
                window.Release();
            }
        }
    }

    private async Task CallAsync(Points.PointsClient client, Random random)
    {
        try
        {
            while (true)
            {
                switch (random.Next(4))
                {
                    case 0:
                        UpsertRequest upserts = Upserts(random);
                        await client.UpsertAsync(upserts);
                        ledger.Acknowledge(upserts.Points.Select(point => point.Id.Num));
                        break;
                    case 1:
                        await UpdateAsync(client, random);
                        break;
                    default:
                        await DeleteAsync(client, random);
                        break;
                }
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            // What was sent stays in the ledger.
            return;
        }
    }

    private async Task UpdateAsync(Points.PointsClient client, Random random)
    {
        var request = new UpdateAttributesRequest { Collection = collection };
        foreach (ulong id in Draw(random, 1 + random.Next(6)))
        {
            long number = random.Next(1000);
            if (ledger.TrySend(id, state => state is null ? null : state with { Number = number, Color = null }, out _))
            {
                request.Updates.Add(new AttributeUpdate
                {
                    Id = new PointId { Num = id },
                    Set = { ["number"] = new Value { IntValue = number } },
                    Remove = { "color" },
                });
            }
        }

        if (request.Updates.Count > 0)
        {
            await client.UpdateAttributesAsync(request);
            ledger.Acknowledge(request.Updates.Select(update => update.Id.Num));
        }
    }

    private async Task DeleteAsync(Points.PointsClient client, Random random)
    {
        var ids = new PointIdList();
        foreach (ulong id in Draw(random, 1 + random.Next(6)))
        {
            if (ledger.TrySend(id, _ => null, out _))
            {
                ids.Ids.Add(new PointId { Num = id });
            }
        }

        if (ids.Ids.Count > 0)
        {
            await client.DeleteAsync(new DeleteRequest { Collection = collection, Ids = ids });
            ledger.Acknowledge(ids.Ids.Select(id => id.Num));
        }
    }

    private UpsertRequest Upserts(Random random)
    {
        var request = new UpsertRequest { Collection = collection };
        while (request.Points.Count == 0)
        {
            foreach (ulong id in Draw(random, 1 + random.Next(12)))
            {
                if (ledger.TrySend(id, _ => PointState.Random(random, dimension), out PointState? state))
                {
                    request.Points.Add(state!.ToPoint(id));
                }
            }
        }

        return request;
    }

    private static IEnumerable<ulong> Draw(Random random, int count) =>
        Enumerable.Range(0, count).Select(_ => (ulong)random.Next(Ids)).Distinct();

    /// <summary>Whether an exception says that the server was killed.</summary>
    public static bool IsGone(Exception e) => e is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled }
        or InvalidOperationException or ObjectDisposedException or IOException;
}
