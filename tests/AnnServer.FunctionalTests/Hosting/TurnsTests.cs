using System.Diagnostics.Metrics;
using AnnServer.Hosting;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>Two turns, in time that passes when it is told to.</summary>
public sealed class TurnsTests
{
    private const int LongQueue = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(2100);

    private readonly IMeterFactory _meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private readonly LiveOptions _live = new(new ServerOptions { MaxSearchWait = Patience });
    private readonly ManualTime _time = new();
    private readonly Turns _turns;

    public TurnsTests()
    {
        _turns = new Turns(_live, _meters, _time, processors: 2);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TakeAsync_MoreThanThereAre_WaitInOrder()
    {
        Turns.Turn first = await TakeNow();
        Turns.Turn second = await TakeNow();
        Task<Turns.Turn> third = Take();
        Task<Turns.Turn> fourth = Take();
        Assert.False(third.IsCompleted);

        first.Dispose();
        Turns.Turn passedOn = await third.WaitAsync(Cancellation);
        Assert.False(fourth.IsCompleted);
        second.Dispose();
        (await fourth.WaitAsync(Cancellation)).Dispose();
        passedOn.Dispose();

        (await TakeNow()).Dispose();
    }

    [Fact]
    public async Task TakeAsync_ClientGivesUpWhileItWaits_IsPassedOver()
    {
        Turns.Turn[] running = [await TakeNow(), await TakeNow()];
        using CancellationTokenSource giveUp = new();
        Task<Turns.Turn> gone = _turns.TakeAsync(mayRefuse: true, giveUp.Token).AsTask();
        Task<Turns.Turn> waits = Take();

        await giveUp.CancelAsync();
        running[0].Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.WaitAsync(Cancellation));
        (await waits.WaitAsync(Cancellation)).Dispose();
        running[1].Dispose();
    }

    [Fact]
    public async Task TakeAsync_ManyAtOnce_AllHaveTheirTurnHoweverLongTheyWait()
    {
        await SlowAsync(_turns);
        Turns.Turn[] running = [await TakeNow(), await TakeNow()];
        Task<Turns.Turn>[] burst = [.. Enumerable.Range(0, LongQueue).Select(_ => Take())];
        _time.Pass(TimeSpan.FromMilliseconds(1900));

        await EndAsync(running, burst);

        Assert.All(burst, static turn => Assert.True(turn.IsCompletedSuccessfully));
        Assert.False(_turns.IsFull);
    }

    [Fact]
    public async Task TakeAsync_QueueStaysLong_ThoseThatWaitedTooLongAreRefusedAndStreamsAreNot()
    {
        await SlowAsync(_turns);
        Turns.Turn[] running = [await TakeNow(), await TakeNow()];
        Task<Turns.Turn> ofStream = _turns.TakeAsync(mayRefuse: false, Cancellation).AsTask();
        Task<Turns.Turn>[] late = [.. Enumerable.Range(0, LongQueue).Select(_ => Take())];
        _time.Pass(Burst);
        Task<Turns.Turn> fresh = Take();
        Assert.True(_turns.IsFull);

        running[0].Dispose();
        running[1].Dispose();

        Turns.Turn[] taken = [await ofStream.WaitAsync(Cancellation), await fresh.WaitAsync(Cancellation)];
        foreach (Task<Turns.Turn> refused in late)
        {
            RpcException exception = await Assert.ThrowsAsync<RpcException>(() => refused.WaitAsync(Cancellation));
            Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
            Assert.Contains("Ann:MaxSearchWait", exception.Status.Detail, StringComparison.Ordinal);
            Assert.NotNull(exception.GetRpcStatus()?.GetDetail<RetryInfo>());
        }

        Assert.False(_turns.IsFull);
        taken[0].Dispose();
        taken[1].Dispose();
    }

    [Fact]
    public async Task TakeAsync_QueueHasBeenShortForAWhile_ABurstIsServedAgain()
    {
        await SlowAsync(_turns);
        await EndAsync([await TakeNow(), await TakeNow()], await OverloadAsync());
        (await TakeNow()).Dispose();
        _time.Pass(Burst);
        (await TakeNow()).Dispose();

        Turns.Turn[] running = [await TakeNow(), await TakeNow()];
        Task<Turns.Turn>[] burst = [.. Enumerable.Range(0, LongQueue).Select(_ => Take())];
        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.False(_turns.IsFull);
        await EndAsync(running, burst);

        Assert.All(burst, static turn => Assert.True(turn.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task TakeAsync_FromManyThreads_NeverMoreThanThereAreAndAllInTheEnd()
    {
        Turns turns = new(_live, _meters, TimeProvider.System, processors: 2);
        int running = 0;
        int most = 0;
        int done = 0;

        await Parallel.ForAsync(0, 20_000, Cancellation, async (_, cancellation) =>
        {
            using (await turns.TakeAsync(mayRefuse: false, cancellation))
            {
                int together = Interlocked.Increment(ref running);
                InterlockedMax(ref most, together);
                Interlocked.Decrement(ref running);
            }

            Interlocked.Increment(ref done);
        });

        Assert.Equal(20_000, done);
        Assert.InRange(most, 1, 2);
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public async Task Admission_CallThatWouldOnlyBeRefused_IsNotRead(bool isFull, bool takesTurns, bool isLetIn)
    {
        LiveOptions options = new(new ServerOptions { MaxSearchWait = TimeSpan.FromMilliseconds(1) });
        Turns turns = new(options, _meters, _time, processors: 2);
        await SlowAsync(turns);
        await turns.TakeAsync(mayRefuse: true, Cancellation);
        await turns.TakeAsync(mayRefuse: true, Cancellation);
        if (isFull)
        {
            for (int i = 0; i < LongQueue; i++)
            {
                _ = turns.TakeAsync(mayRefuse: true, Cancellation).AsTask();
            }

            _time.Pass(Burst);
            _ = turns.TakeAsync(mayRefuse: true, Cancellation).AsTask();
            Assert.True(turns.IsFull);
        }

        Admission admission = new(options, turns, _meters, TimeProvider.System, new Refusals(_meters));
        DefaultHttpContext context = new();
        context.Request.ContentType = "application/grpc";
        context.SetEndpoint(new Endpoint(null, takesTurns ? new EndpointMetadataCollection(TakesTurns.Instance) : [], "a method"));
        bool wasLetIn = false;

        await admission.InvokeAsync(context, _ =>
        {
            wasLetIn = true;
            return Task.CompletedTask;
        });

        Assert.Equal(isLetIn, wasLetIn);
        Assert.Equal(isLetIn ? "" : "8", context.Response.Headers["grpc-status"].ToString());
        Assert.Equal(!isLetIn, context.Response.Headers["grpc-message"].ToString().Contains("MaxSearchWait", StringComparison.Ordinal));
    }

    // So that a queue of a few is a long wait.
    private async Task SlowAsync(Turns turns)
    {
        for (int i = 0; i < 2000; i++)
        {
            using (await turns.TakeAsync(mayRefuse: true, Cancellation))
            {
                _time.Pass(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private async Task<Task<Turns.Turn>[]> OverloadAsync()
    {
        List<Task<Turns.Turn>> waiting = [.. Enumerable.Range(0, LongQueue).Select(_ => Take())];
        _time.Pass(Burst);
        waiting.Add(Take());
        Assert.True(_turns.IsFull);
        return [.. waiting];
    }

    // Ends turns, and those of whoever has waited, until nobody waits.
    private static async Task EndAsync(IEnumerable<Turns.Turn> running, IEnumerable<Task<Turns.Turn>> waiting)
    {
        foreach (Turns.Turn turn in running)
        {
            turn.Dispose();
        }

        foreach (Task<Turns.Turn> next in waiting)
        {
            await ((Task)next.WaitAsync(Cancellation)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next.IsCompletedSuccessfully)
            {
                (await next).Dispose();
            }
        }
    }

    private Task<Turns.Turn> Take() => _turns.TakeAsync(mayRefuse: true, Cancellation).AsTask();

    private async Task<Turns.Turn> TakeNow()
    {
        ValueTask<Turns.Turn> turn = _turns.TakeAsync(mayRefuse: true, Cancellation);
        Assert.True(turn.IsCompleted);
        return await turn;
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public void Pass(TimeSpan time) => Interlocked.Add(ref _now, (long)time.TotalMicroseconds);
    }
}
