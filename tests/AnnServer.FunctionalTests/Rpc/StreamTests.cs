using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class StreamTests(ServerFixture server) : ServerTest(server)
{
    [Fact]
    public async Task UpsertStream_ManyMessages_AcknowledgesEachInOrder()
    {
        string collection = await CreateAsync();
        using var stream = Server.Points.UpsertStream(cancellationToken: Cancellation);
        for (int i = 0; i < 200; i++)
        {
            // As many points as the number of the message says, so that an answer tells which message it is for.
            UpsertRequest request = new() { Collection = collection };
            request.Points.AddRange(Enumerable.Range(0, (i % 5) + 1).Select(j => Make.Point((ulong)((i * 10) + j), Make.Vector(i, j, 0, 1))));
            await stream.RequestStream.WriteAsync(request, Cancellation);
        }

        await stream.RequestStream.CompleteAsync();
        List<UpsertResponse> answers = await ReadAllAsync(stream.ResponseStream);

        Assert.Equal(Enumerable.Range(0, 200).Select(i => (ulong)(i % 5) + 1), answers.Select(answer => answer.Upserted));
        Assert.Equal(answers.Select(answer => answer.Sequence).Order(), answers.Select(answer => answer.Sequence));
        Assert.Equal(600UL, await CountAsync(collection));
    }

    [Fact]
    public async Task UpsertStream_SamePointAgainAndAgain_KeepsTheLast()
    {
        string collection = await CreateAsync();
        using var stream = Server.Points.UpsertStream(cancellationToken: Cancellation);
        for (int i = 0; i < 100; i++)
        {
            UpsertRequest request = new() { Collection = collection, Points = { Make.Point(1, Make.Vector(i, 0, 0, 1)) } };
            await stream.RequestStream.WriteAsync(request, Cancellation);
        }

        await stream.RequestStream.CompleteAsync();
        Assert.Equal(100, (await ReadAllAsync(stream.ResponseStream)).Count);

        var read = await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { Make.Id(1) }, WithVector = true }, cancellationToken: Cancellation);
        Assert.Equal([99, 0, 0, 1], Make.Floats(read.Points[0].Vector));
    }

    [Fact]
    public async Task UpsertStream_FaultyMessage_AcknowledgesThoseBeforeAndEndsWithItsStatus()
    {
        string collection = await CreateAsync();
        using var stream = Server.Points.UpsertStream(cancellationToken: Cancellation);
        await stream.RequestStream.WriteAsync(new UpsertRequest { Collection = collection, Points = { Make.Point(1, Make.Vector(1, 0, 0, 0)) } }, Cancellation);
        await stream.RequestStream.WriteAsync(new UpsertRequest { Collection = collection, Points = { Make.Point(2, Make.Vector(1)) } }, Cancellation);

        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(1UL, stream.ResponseStream.Current.Upserted);
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["points[0].vector"], Make.FaultyFields(error));
        Assert.Equal(1UL, await CountAsync(collection));
    }

    [Fact]
    public async Task SearchStream_ManyQueries_AnswersEachInOrder()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, [.. Enumerable.Range(0, 50).Select(i => Make.Point((ulong)i, Make.Vector(i, 0, 0, 1)))]);
        using var stream = Server.Points.SearchStream(cancellationToken: Cancellation);
        for (int i = 0; i < 50; i++)
        {
            await stream.RequestStream.WriteAsync(
                new SearchRequest { Collection = collection, Vector = Make.Vector(i, 0, 0, 1), K = 1, Exact = true }, Cancellation);
        }

        await stream.RequestStream.CompleteAsync();
        List<SearchResponse> answers = await ReadAllAsync(stream.ResponseStream);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => (ulong)i), answers.Select(answer => answer.Hits[0].Id.Num));
    }

    [Fact]
    public async Task SearchStream_UnknownCollection_EndsWithNotFound()
    {
        using var stream = Server.Points.SearchStream(cancellationToken: Cancellation);
        await stream.RequestStream.WriteAsync(new SearchRequest { Collection = "nowhere", Vector = Make.Vector(1), K = 1 }, Cancellation);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task UpsertStream_ClientGoesAway_LeavesTheServerServing()
    {
        string collection = await CreateAsync();
        using (var stream = Server.Points.UpsertStream(cancellationToken: Cancellation))
        {
            await stream.RequestStream.WriteAsync(
                new UpsertRequest { Collection = collection, Points = { Make.Point(1, Make.Vector(1, 0, 0, 0)) } }, Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        }

        Assert.Equal(1UL, await CountAsync(collection));
    }

    private static async Task<List<T>> ReadAllAsync<T>(IAsyncStreamReader<T> stream)
    {
        List<T> all = [];
        await foreach (T item in stream.ReadAllAsync(Cancellation))
        {
            all.Add(item);
        }

        return all;
    }
}
