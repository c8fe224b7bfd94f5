using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>A test against the real server, which fails if the server logged an error that the test did not announce.</summary>
public abstract class ServerTest(ServerFixture server) : IClassFixture<ServerFixture>, IAsyncLifetime
{
    private readonly List<string> _expectedErrors = [];

    protected ServerFixture Server { get; } = server;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Server.Log.TakeErrors();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        // Joined, because an assertion about a collection shows no more than the first letters of what it found.
        Assert.Equal("", string.Join('\n', Server.Log.TakeErrors().Where(error => !_expectedErrors.Exists(error.Contains))));
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Announces that the server will log an error with this text in it.</summary>
    protected void ExpectError(string text) => _expectedErrors.Add(text);

    /// <summary>A new collection, and its name.</summary>
    protected async Task<string> CreateAsync(uint dimension = 4, Metric metric = Metric.L2, params AttributeSchema[] attributes)
    {
        CollectionConfig config = new() { Name = $"c-{Guid.NewGuid():N}", Dimension = dimension, Metric = metric, Attributes = { attributes } };
        await Server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        return config.Name;
    }

    protected async Task<UpsertResponse> UpsertAsync(string collection, params Point[] points) =>
        await Server.Points.UpsertAsync(new UpsertRequest { Collection = collection, Points = { points } }, cancellationToken: Cancellation);

    protected async Task<ulong> CountAsync(string collection, string? filter = null)
    {
        CountRequest request = new() { Collection = collection, Filter = filter is null ? null : new Filter { Expression = filter } };
        return (await Server.Points.CountAsync(request, cancellationToken: Cancellation)).Count;
    }

    protected async Task<CollectionInfo> DescribeAsync(string collection) =>
        (await Server.Collections.GetCollectionAsync(new GetCollectionRequest { Name = collection }, cancellationToken: Cancellation)).Collection;

    protected static async Task<RpcException> FailsAsync<T>(AsyncUnaryCall<T> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return await Assert.ThrowsAsync<RpcException>(async () => await call);
    }
}
