using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>Over the wire, on a server that flushes nothing by itself while a test runs.</summary>
public sealed class DurabilityTests : IAsyncLifetime
{
    private const string Name = "points";

    private readonly ServerFixture _server = new() { Settings = ["--Ann:FlushInterval=01:00:00"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync();
        CollectionConfig config = new() { Name = Name, Dimension = 4, Metric = Metric.L2 };
        await _server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Assert.Empty(_server.Log.TakeErrors());
    }

    [Fact]
    public async Task Writes_InMemory_AreReadBehindTheirFenceAndFlushedByACheckpoint()
    {
        await UpsertAsync(Durability.Unspecified, 1, 2);
        GetStatsResponse before = await StatsAsync();
        Assert.Equal(before.Sequence, before.DurableSequence);

        UpsertResponse upserted = await UpsertAsync(Durability.Memory, 3, 4);
        Assert.Equal(4UL, await CountAsync(upserted.Sequence));
        DeleteResponse deleted = await DeleteAsync(Durability.Memory, 1);
        Assert.Equal(3UL, await CountAsync(deleted.Sequence));
        UpdateAttributesResponse updated = await UpdateAsync(Durability.Memory, 2);
        Assert.Equal(1UL, await CountAsync(updated.Sequence, "n = 1"));

        GetStatsResponse after = await StatsAsync();
        Assert.Equal((updated.Sequence, before.DurableSequence), (after.Sequence, after.DurableSequence));
        CheckpointResponse checkpoint = await _server.Admin.CheckpointAsync(new CheckpointRequest(), cancellationToken: Cancellation);
        Assert.Equal(after.Sequence, checkpoint.Sequence);
        Assert.Equal(after.Sequence, (await StatsAsync()).DurableSequence);
    }

    [Fact]
    public async Task Writes_Logged_BecomeDurableByThemselves()
    {
        await DurableAsync((await UpsertAsync(Durability.Logged, 1, 2)).Sequence);
        await DurableAsync((await UpdateAsync(Durability.Logged, 2)).Sequence);
        await DurableAsync((await DeleteAsync(Durability.Logged, 1)).Sequence);

        Assert.Equal(1UL, await CountAsync(0, "n = 1"));
    }

    [Fact]
    public async Task UpsertStream_EachMessage_HasTheDurabilityThatItNames()
    {
        using var stream = _server.Points.UpsertStream(cancellationToken: Cancellation);
        ulong flushed = (await SendAsync(Durability.Fsynced, 1)).Sequence;
        ulong inMemory = (await SendAsync(Durability.Memory, 2)).Sequence;

        GetStatsResponse stats = await StatsAsync();
        Assert.Equal((inMemory, flushed), (stats.Sequence, stats.DurableSequence));
        Assert.Equal(2UL, await CountAsync(inMemory));
        ulong logged = (await SendAsync(Durability.Logged, 3)).Sequence;
        await DurableAsync(logged);
        await stream.RequestStream.WriteAsync(Upsert((Durability)9, 4), Cancellation);
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["durability"], Make.FaultyFields(error));
        Assert.Equal(3UL, await CountAsync(logged));

        async Task<UpsertResponse> SendAsync(Durability durability, ulong number)
        {
            await stream.RequestStream.WriteAsync(Upsert(durability, number), Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
            return stream.ResponseStream.Current;
        }
    }

    [Fact]
    public async Task Stop_AfterWritesInMemory_HasThemAfterTheStart()
    {
        await UpsertAsync(Durability.Memory, 1, 2);
        await UpdateAsync(Durability.Memory, 2);
        ulong last = (await DeleteAsync(Durability.Memory, 1)).Sequence;

        await _server.StopAsync();
        await _server.StartAsync();

        Assert.Equal(1UL, await CountAsync(last));
        Assert.Equal(1UL, await CountAsync(last, "n = 1"));
        Assert.Equal(last, (await StatsAsync()).DurableSequence);
    }

    private static UpsertRequest Upsert(Durability durability, params ulong[] numbers) => new()
    {
        Collection = Name,
        Points = { numbers.Select(number => Make.Point(number, Make.Vector(number, 0, 0, 1))) },
        Durability = durability,
    };

    private async Task<UpsertResponse> UpsertAsync(Durability durability, params ulong[] numbers) =>
        await _server.Points.UpsertAsync(Upsert(durability, numbers), cancellationToken: Cancellation);

    private async Task<DeleteResponse> DeleteAsync(Durability durability, ulong number) => await _server.Points.DeleteAsync(
        new DeleteRequest { Collection = Name, Ids = new PointIdList { Ids = { Make.Id(number) } }, Durability = durability },
        cancellationToken: Cancellation);

    private async Task<UpdateAttributesResponse> UpdateAsync(Durability durability, ulong number) => await _server.Points.UpdateAttributesAsync(
        new UpdateAttributesRequest
        {
            Collection = Name,
            Updates = { new AttributeUpdate { Id = Make.Id(number), Set = { ["n"] = Make.Int(1) } } },
            Durability = durability,
        },
        cancellationToken: Cancellation);

    private async Task<ulong> CountAsync(ulong readAfter, string? filter = null)
    {
        CountRequest request = new() { Collection = Name, ReadAfter = readAfter, Filter = filter is null ? null : new Filter { Expression = filter } };
        return (await _server.Points.CountAsync(request, cancellationToken: Cancellation)).Count;
    }

    private async Task<GetStatsResponse> StatsAsync() =>
        await _server.Admin.GetStatsAsync(new GetStatsRequest(), cancellationToken: Cancellation);

    private async Task DurableAsync(ulong sequence)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while ((await StatsAsync()).DurableSequence < sequence)
        {
            await Task.Delay(1, patience.Token);
        }
    }
}
