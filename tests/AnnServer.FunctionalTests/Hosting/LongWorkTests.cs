using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AnnServer.Hosting;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class LongWorkTests
{
    private readonly IMeterFactory _meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_MoreThanThreads_RunsNoMoreAtOnceAndAllInTheEnd()
    {
        using LongWork longWork = Make(workers: 2, queue: 100);
        int running = 0;
        ConcurrentBag<int> together = [];
        Task<int>[] work = [.. Enumerable.Range(0, 50).Select(i => longWork.RunAsync(
            _ =>
            {
                together.Add(Interlocked.Increment(ref running));
                Thread.SpinWait(10_000);
                Interlocked.Decrement(ref running);
                return i;
            },
            Cancellation).AsTask())];

        Assert.Equal(Enumerable.Range(0, 50), await Task.WhenAll(work));
        Assert.All(together, count => Assert.InRange(count, 1, 2));
    }

    [Fact]
    public async Task RunAsync_FullQueue_IsResourceExhaustedWithAdviceToComeAgainAndNamesTheSetting()
    {
        using LongWork longWork = Make(workers: 1, queue: 2);
        using Blocked blocked = await Blocked.StartAsync(longWork);
        Task<int>[] waiting = [.. Enumerable.Range(0, 2).Select(i => longWork.RunAsync(_ => i, Cancellation).AsTask())];

        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await longWork.RunAsync(_ => 0, Cancellation));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("Ann:LongWorkQueue", refused.Status.Detail, StringComparison.Ordinal);
        Assert.NotNull(refused.GetRpcStatus()!.GetDetail<RetryInfo>());
        blocked.Release();
        int[] all = await Task.WhenAll(waiting);
        Assert.Equal([0, 1], all);
    }

    [Fact]
    public async Task RunAsync_CancelledWhileItWaits_IsNotRun()
    {
        using LongWork longWork = Make(workers: 1, queue: 2);
        using Blocked blocked = await Blocked.StartAsync(longWork);
        using CancellationTokenSource giveUp = new();
        bool ran = false;
        Task<bool> work = longWork.RunAsync(_ => ran = true, giveUp.Token).AsTask();

        await giveUp.CancelAsync();
        blocked.Release();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        Assert.False(ran);
    }

    [Fact]
    public async Task RunAsync_WorkThatFails_FailsTheCallAndNotTheThread()
    {
        using LongWork longWork = Make(workers: 1, queue: 2);

        await Assert.ThrowsAsync<InvalidDataException>(async () => await longWork.RunAsync<int>(_ => throw new InvalidDataException(), Cancellation));
        Assert.Equal(7, await longWork.RunAsync(_ => 7, Cancellation));
    }

    [Fact]
    public async Task Metrics_CountWhatWaitsAndWhatIsRefused()
    {
        using LongWork longWork = Make(workers: 1, queue: 2);
        Dictionary<string, double> measured = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            // Servers of other tests have meters of the same name.
            if (instrument.Meter.Name == LongWork.MeterName && ReferenceEquals(instrument.Meter.Scope, _meters))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => measured[instrument.Name] = measured.GetValueOrDefault(instrument.Name) + value);
        ConcurrentBag<double> waits = [];
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => waits.Add(value));
        listener.Start();
        using Blocked blocked = await Blocked.StartAsync(longWork);
        Task<int>[] waiting = [.. Enumerable.Range(0, 2).Select(i => longWork.RunAsync(_ => i, Cancellation).AsTask())];
        await Assert.ThrowsAsync<RpcException>(async () => await longWork.RunAsync(_ => 0, Cancellation));

        listener.RecordObservableInstruments();
        Assert.Equal(2, measured["ann.long_work.queued"]);
        Assert.Equal(1, measured["ann.long_work.refused"]);
        blocked.Release();
        await Task.WhenAll(waiting);
        Assert.Equal(3, waits.Count);
        listener.RecordObservableInstruments();
        Assert.Equal(0, measured["ann.long_work.queued"]);
    }

    private LongWork Make(int workers, int queue)
    {
        LiveOptions options = new(new ServerOptions { LongWorkers = workers, LongWorkQueue = queue, MaxSearchWait = TimeSpan.FromMilliseconds(1) });
        return new LongWork(options, new Turns(options, _meters, TimeProvider.System), _meters, TimeProvider.System);
    }

    // The only thread at work, until it is released.
    private sealed class Blocked : IDisposable
    {
        private readonly ManualResetEventSlim _released = new();

        public static async Task<Blocked> StartAsync(LongWork longWork)
        {
            Blocked blocked = new();
            TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = longWork.RunAsync(
                _ =>
                {
                    started.SetResult();
                    blocked._released.Wait(Cancellation);
                    return 0;
                },
                Cancellation).AsTask();
            await started.Task.WaitAsync(Cancellation);
            return blocked;
        }

        public void Release() => _released.Set();

        public void Dispose() => _released.Set();
    }
}
