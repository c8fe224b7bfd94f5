using AnnServer.Rpc;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class PacedReaderTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MoveNext_NoRoom_ReadsNothingUntilThereIs()
    {
        Numbers numbers = new();
        TaskCompletionSource room = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PacedReader<int> paced = new(numbers, room.Task.WaitAsync);

        Task<bool> moving = paced.MoveNext(Cancellation);
        Assert.False(moving.IsCompleted);
        Assert.Equal(0, numbers.Current);
        room.SetResult();

        Assert.True(await moving);
        Assert.Equal(1, paced.Current);
    }

    [Fact]
    public async Task MoveNext_CancelledWhileThereIsNoRoom_Ends()
    {
        Numbers numbers = new();
        using CancellationTokenSource reading = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        PacedReader<int> paced = new(numbers, token => Task.Delay(Timeout.Infinite, token));

        Task<bool> moving = paced.MoveNext(reading.Token);
        await reading.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => moving);
        Assert.Equal(0, numbers.Current);
    }

    private sealed class Numbers : IAsyncStreamReader<int>
    {
        public int Current { get; private set; }

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            Current++;
            return Task.FromResult(true);
        }
    }
}
