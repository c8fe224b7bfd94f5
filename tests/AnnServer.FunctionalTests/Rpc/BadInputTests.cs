using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class BadInputTests(ServerFixture server) : ServerTest(server)
{
    public static TheoryData<string> Rows => [.. BadInput.Table.Keys];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Request_Wrong_NamesCodeAndEveryFieldAndChangesNothing(string row)
    {
        BadInput input = BadInput.Table[row];
        string collection = await CreateAsync();
        await UpsertAsync(collection, Make.Point(1, Make.Vector(1, 2, 3, 4), ("year", Make.Int(2020))));
        CollectionInfo before = await DescribeAsync(collection);
        int collections = (await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation)).Collections.Count;

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => input.Send(Server, collection));

        Assert.Equal(input.Code, error.StatusCode);
        Assert.NotEmpty(error.Status.Detail);
        Assert.Equal(input.Fields.Order(), Make.FaultyFields(error).Order());
        Assert.Equal(before, await DescribeAsync(collection));
        Assert.Equal(1UL, await CountAsync(collection));
        var after = await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation);
        Assert.Equal(collections, after.Collections.Count);
    }

    [Fact]
    public async Task Upsert_ZeroVectorUnderCosine_NamesTheVector()
    {
        string collection = await CreateAsync(metric: Metric.Cosine);

        RpcException error = await FailsAsync(Server.Points.UpsertAsync(
            new UpsertRequest { Collection = collection, Points = { Make.Point(1, Make.Vector(0, 0, 0, 0)) } }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["points[0].vector"], Make.FaultyFields(error));
        Assert.Equal(0UL, await CountAsync(collection));
    }

    [Fact]
    public async Task Search_ZeroVectorUnderCosine_NamesTheVector()
    {
        string collection = await CreateAsync(metric: Metric.Cosine);

        RpcException error = await FailsAsync(Server.Points.SearchAsync(
            new SearchRequest { Collection = collection, Vector = Make.Vector(0, 0, 0, 0), K = 1 }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["vector"], Make.FaultyFields(error));
    }

    [Fact]
    public async Task Upsert_AttributeOfAnotherTypeThanDeclared_NamesTheAttribute()
    {
        string collection = await CreateAsync(attributes: new AttributeSchema { Name = "year", Type = AttributeType.Int64 });

        RpcException error = await FailsAsync(Server.Points.UpsertAsync(
            new UpsertRequest { Collection = collection, Points = { Make.Point(1, Make.Vector(1, 0, 0, 0), ("year", Make.Text("old"))) } },
            cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["points[0].attributes[\"year\"]"], Make.FaultyFields(error));
    }

    [Fact]
    public async Task Upsert_ThousandFaults_AnswersWithinTheTrailersAClientAccepts()
    {
        string collection = await CreateAsync();
        UpsertRequest request = new() { Collection = collection };
        for (ulong i = 0; i < 1000; i++)
        {
            request.Points.Add(Make.Point(i, Make.Vector(float.NaN, 0, 0, 0)));
        }

        RpcException error = await FailsAsync(Server.Points.UpsertAsync(request, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.InRange(Make.FaultyFields(error).Count, 10, 100);
        Assert.InRange(error.Trailers.Sum(entry => entry.Key.Length + (entry.IsBinary ? entry.ValueBytes.Length * 4 / 3 : entry.Value.Length)), 1, 8000);
    }

    [Fact]
    public async Task Search_BytesThatAreNoMessage_AreAnInvalidArgument()
    {
        Marshaller<byte[]> raw = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);
        Method<byte[], byte[]> method = new(MethodType.Unary, "ann.v1.Points", "Search", raw, raw);

        RpcException error = await FailsAsync(Server.Channel.CreateCallInvoker().AsyncUnaryCall(
            method, null, new CallOptions(cancellationToken: Cancellation), [0xFF, 0xFF, 0xFF]));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Count_FilterNestedDeeperThanProtobufReads_IsAnInvalidArgument()
    {
        string collection = await CreateAsync();
        Predicate predicate = new() { Exists = "a" };
        for (int i = 0; i < 200; i++)
        {
            predicate = new Predicate { Not = predicate };
        }

        RpcException error = await FailsAsync(Server.Points.CountAsync(
            new CountRequest { Collection = collection, Filter = new Filter { Predicate = predicate } }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }
}
