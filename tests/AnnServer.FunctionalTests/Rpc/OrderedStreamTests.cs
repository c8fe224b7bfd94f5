using AnnServer.Rpc;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class OrderedStreamTests
{
    [Fact]
    public async Task AnswerAsync_StoppedWhileNoMoreMayBegin_AnswersWhatWasReadAndEndsUnavailable()
    {
        using CancellationTokenSource stopping = new();
        List<TaskCompletionSource<int>> answers = [];
        StoppingReader requests = new(3, stopping);
        Responses responses = new();

        // One is being waited for, one waits in line, and the third, which finds no room, is read just as the server stops.
        Task call = OrderedStream.AnswerAsync(requests, responses, 1, Begin, stopping.Token, TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
        {
            await Task.WhenAny(requests.Begun(i), call);
            Assert.False(call.IsCompleted, "The call ended before all that was read had begun.");
            answers[i].SetResult(i);
        }

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal([0, 1, 2], responses.Written);

        Task<int> Begin(int request, CancellationToken cancellation)
        {
            answers.Add(new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously));
            requests.SetBegun(request);
            return answers[request].Task;
        }
    }

    // Hands out the numbers from 0 and stops the server as it hands out the last.
    private sealed class StoppingReader(int count, CancellationTokenSource stopping) : IAsyncStreamReader<int>
    {
        private readonly TaskCompletionSource[] _begun =
            [.. Enumerable.Range(0, count).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];

        public int Current { get; private set; } = -1;

        public Task Begun(int request) => _begun[request].Task.WaitAsync(TestContext.Current.CancellationToken);

        public void SetBegun(int request) => _begun[request].SetResult();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++Current == count - 1)
            {
                await stopping.CancelAsync();
            }

            return true;
        }
    }

    private sealed class Responses : IServerStreamWriter<int>
    {
        public List<int> Written { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(int message)
        {
            Written.Add(message);
            return Task.CompletedTask;
        }

        public Task WriteAsync(int message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
