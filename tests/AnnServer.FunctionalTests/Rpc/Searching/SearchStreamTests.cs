using AnnServer.Rpc.Searching;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc.Searching;

public sealed class SearchStreamTests
{
    private readonly Requests _requests = new();
    private readonly Responses _responses = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_RequestsThatAreThere_AreAnsweredInOrderAndFlushedTogether()
    {
        WireSearch[] searches = Add(40);
        _requests.Complete();

        await RunAsync(static (search, _) => ValueTask.FromResult(search));

        Assert.Equal(searches, _responses.Written);
        // Never more than 16 wait, and none when there is no next one.
        Assert.Equal([16, 32, 40], _responses.Flushed);
    }

    [Fact]
    public async Task RunAsync_NoRequestThere_FlushesBeforeItWaits()
    {
        WireSearch[] searches = Add(3);
        Task call = RunAsync(static (search, _) => ValueTask.FromResult(search));

        Assert.False(call.IsCompleted);
        Assert.Equal(searches, _responses.Written);
        Assert.Equal([3], _responses.Flushed);

        _requests.Complete();
        await call;
        Assert.Equal([3], _responses.Flushed);
    }

    [Fact]
    public async Task RunAsync_SearchThatTakesLong_LetsEarlierAnswersGo()
    {
        WireSearch[] searches = Add(3);
        _requests.Complete();
        TaskCompletionSource<WireSearch> slow = new();
        Task call = RunAsync((search, _) => search == searches[2] ? new ValueTask<WireSearch>(slow.Task) : ValueTask.FromResult(search));

        Assert.Equal(searches[..2], _responses.Written);
        Assert.Equal([2], _responses.Flushed);

        slow.SetResult(searches[2]);
        await call;
        Assert.Equal([2, 3], _responses.Flushed);
    }

    [Fact]
    public async Task RunAsync_RequestThatFails_EndsTheStreamAfterTheAnswersBefore()
    {
        WireSearch[] searches = Add(3);
        RpcException refused = new(new Status(StatusCode.InvalidArgument, "k"));
        Task call = RunAsync((search, _) =>
            search == searches[2] ? ValueTask.FromException<WireSearch>(refused) : ValueTask.FromResult(search));

        Assert.Same(refused, await Assert.ThrowsAsync<RpcException>(() => call));
        Assert.Equal(searches[..2], _responses.Written);
        Assert.Equal([2], _responses.Flushed);
    }

    [Fact]
    public async Task RunAsync_MessageThatCannotBeRead_EndsTheStreamAfterTheAnswersBefore()
    {
        WireSearch[] searches = Add(2);
        RpcException refused = new(new Status(StatusCode.InvalidArgument, "The message cannot be read"));
        _requests.Fail(refused);

        Assert.Same(refused, await Assert.ThrowsAsync<RpcException>(() => RunAsync(static (search, _) => ValueTask.FromResult(search))));
        Assert.Equal(searches, _responses.Written);
        Assert.Equal([2], _responses.Flushed);
    }

    [Fact]
    public async Task RunAsync_Stopped_AnswersWhatWasReadAndEndsUnavailable()
    {
        using CancellationTokenSource stopping = new();
        WireSearch[] searches = Add(2);
        Task call = new SearchStream(_requests, _responses, static (search, _) => ValueTask.FromResult(search)).RunAsync(stopping.Token, Cancellation);

        await stopping.CancelAsync();

        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        Assert.Equal(searches, _responses.Written);
    }

    private Task RunAsync(Func<WireSearch, CancellationToken, ValueTask<WireSearch>> answer) =>
        new SearchStream(_requests, _responses, answer).RunAsync(CancellationToken.None, Cancellation);

    private WireSearch[] Add(int count)
    {
        WireSearch[] searches = [.. Enumerable.Range(0, count).Select(_ => new WireSearch())];
        Array.ForEach(searches, _requests.Add);
        return searches;
    }

    // Requests that have come, then one that is waited for until it is told how the stream ends.
    private sealed class Requests : IAsyncStreamReader<WireSearch>
    {
        private readonly Queue<WireSearch> _there = [];
        private readonly TaskCompletionSource<bool> _end = new();

        public WireSearch Current { get; private set; } = null!;

        public void Add(WireSearch search) => _there.Enqueue(search);

        public void Complete() => _end.SetResult(false);

        public void Fail(Exception failure) => _end.SetException(failure);

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (_there.TryDequeue(out WireSearch? next))
            {
                Current = next;
                return Task.FromResult(true);
            }

            return _end.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed class Responses : IServerStreamWriter<WireSearch>
    {
        public List<WireSearch> Written { get; } = [];

        /// <summary>How many were written at each flush.</summary>
        public List<int> Flushed { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(WireSearch message)
        {
            Written.Add(message);
            if ((WriteOptions?.Flags & WriteFlags.BufferHint) != WriteFlags.BufferHint)
            {
                Flushed.Add(Written.Count);
            }

            return Task.CompletedTask;
        }

        public Task WriteAsync(WireSearch message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
