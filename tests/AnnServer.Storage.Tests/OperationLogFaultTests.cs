using Microsoft.Extensions.Time.Testing;

namespace AnnServer.Storage.Tests;

public sealed class OperationLogFaultTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task FailedWrite_IsAStickyFaultAndLosesNothingAcknowledged(int nth)
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        var acknowledged = new List<ulong>();
        OperationLog log = TestLog.OpenReplayed(folder.Path, out _, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)));
        for (int i = 0; i < 30; i++)
        {
            ulong lsn = TestLog.AppendNext(log);
            await log.Durable(lsn);
            acknowledged.Add(lsn);
        }

        disk!.FailWrite(nth);
        await Assert.ThrowsAsync<StorageFaultException>(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                ulong lsn = TestLog.AppendNext(log);
                await log.Durable(lsn);
                acknowledged.Add(lsn);
            }
        });

        Assert.NotNull(log.Fault);
        Exception first = log.Fault;
        StorageFaultException append = Assert.Throws<StorageFaultException>(() => log.Append(1, 1, []));
        Assert.Same(first, append.InnerException);
        StorageFaultException wait = await Assert.ThrowsAsync<StorageFaultException>(() => log.Durable(1));
        Assert.Same(first, wait.InnerException);
        Assert.Equal(acknowledged[^1], log.DurableLsn);
        Assert.Same(first, log.Fault);
        await log.DisposeAsync();

        await using OperationLog again = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        TestLog.AssertRecords(records);
        Assert.True(records.Count >= acknowledged.Count, $"{records.Count} records, {acknowledged.Count} acknowledged");
        await again.Durable(TestLog.AppendNext(again));
    }

    [Fact]
    public async Task FailedWrite_FailsEveryWaiter()
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        await using OperationLog log = TestLog.OpenReplayed(
            folder.Path, out _, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)));
        disk!.FailWrite(1);
        disk.Stall();
        var waits = new List<Task>();
        for (int i = 0; i < 50; i++)
        {
            waits.Add(log.Durable(TestLog.AppendNext(log, 20)));
        }

        disk.Resume();
        foreach (Task wait in waits)
        {
            await Assert.ThrowsAsync<StorageFaultException>(() => wait);
        }
    }

    [Fact]
    public async Task FailedWrite_ReleasesABlockedAppender()
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        await using OperationLog log = TestLog.OpenReplayed(
            folder.Path, out _, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)));
        disk!.FailWrite(3);
        Task appends = Task.Run(
            () =>
            {
                while (true)
                {
                    TestLog.AppendNext(log, TestLog.MaxPayloadBytes);
                }
            },
            TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<StorageFaultException>(
            () => appends.WaitAsync(TestLog.Patience, TestContext.Current.CancellationToken));
        Assert.NotNull(log.Fault);
    }

    [Fact]
    public async Task StalledDisk_BeyondTheTimeout_IsAFault()
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        var time = new FakeTimeProvider();
        await using OperationLog log = TestLog.Open(folder.Path, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)), time);
        log.Replay(new RecordCollector());
        await log.Durable(TestLog.AppendNext(log));
        disk!.Stall();
        Task wait = log.Durable(TestLog.AppendNext(log));
        await TestLog.PassTimeUntil(time, () => wait.IsCompleted);
        StorageFaultException e = await Assert.ThrowsAsync<StorageFaultException>(() => wait);
        Assert.IsType<TimeoutException>(e.InnerException);
        Assert.Equal(1UL, log.DurableLsn);
        disk.Resume();
    }

    [Fact]
    public async Task StalledDisk_ThatNeverAnswers_KeepsTheFolderLocked()
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        var time = new FakeTimeProvider();
        OperationLog log = TestLog.Open(folder.Path, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)), time);
        log.Replay(new RecordCollector());
        disk!.Stall();
        Task wait = log.Durable(TestLog.AppendNext(log));
        await TestLog.PassTimeUntil(time, () => wait.IsCompleted);
        await Assert.ThrowsAsync<StorageFaultException>(() => wait);
        Task disposal = log.DisposeAsync().AsTask();
        await TestLog.PassTimeUntil(time, () => disposal.IsCompleted);
        await disposal;
        Assert.Throws<IOException>(() => TestLog.Open(folder.Path));
        disk.Resume();
    }

    [Fact]
    public async Task CancelledWait_DoesNotAffectOthers()
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        await using OperationLog log = TestLog.OpenReplayed(
            folder.Path, out _, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)));
        disk!.Stall();
        ulong lsn = TestLog.AppendNext(log);
        using var cancel = new CancellationTokenSource();
        Task first = log.Durable(lsn);
        Task cancelled = log.WaitDurableAsync(lsn, cancel.Token).AsTask();
        Task second = log.Durable(lsn);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(first.IsCompleted);
        disk.Resume();
        await first;
        await second;
        Assert.Equal(lsn, log.DurableLsn);
    }

    [Fact]
    public async Task WaitDurable_CompletesOnlyAfterTheWrite()
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        await using OperationLog log = TestLog.OpenReplayed(
            folder.Path, out _, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)));
        disk!.Stall();
        Task covered = log.Durable(TestLog.AppendNext(log));
        await TestLog.Until(() => disk.Held > 0);
        Task later = log.Durable(TestLog.AppendNext(log));
        Assert.Equal(0UL, log.DurableLsn);
        Assert.False(covered.IsCompleted);
        Assert.False(later.IsCompleted);
        disk.Resume();
        await covered;
        await later;
        Assert.Equal(2UL, log.DurableLsn);
    }

    [Fact]
    public async Task Idle_AfterTheLastWaiter_WritesNothing()
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        await using OperationLog log = TestLog.Open(
            folder.Path, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)), new FakeTimeProvider());
        log.Replay(new RecordCollector());
        await log.Durable(TestLog.AppendNext(log));
        long commits = log.Statistics.Commits;
        int writes = disk!.Writes;
        TestLog.AppendNext(log);
        Assert.Equal(commits, log.Statistics.Commits);
        Assert.Equal(writes, disk.Writes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WaitForDisk_DiskThatHoldsBack_WaitsUntilItIsDoneOrHasFailed(bool fails)
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        await using OperationLog log = TestLog.OpenReplayed(
            folder.Path, out _, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)));
        await log.WaitForDiskAsync(TestContext.Current.CancellationToken);
        disk!.Stall();
        if (fails)
        {
            disk.FailWrite(1);
        }

        while (!log.IsBehind)
        {
            TestLog.AppendNext(log);
        }

        Task waiting = log.WaitForDiskAsync(TestContext.Current.CancellationToken).AsTask();
        Task blocking = Task.Run(log.WaitForDisk, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        Assert.False(blocking.IsCompleted);
        disk.Resume();

        await blocking.WaitAsync(TestLog.Patience, TestContext.Current.CancellationToken);
        if (fails)
        {
            await Assert.ThrowsAsync<StorageFaultException>(() => waiting.WaitAsync(TestLog.Patience, TestContext.Current.CancellationToken));
        }
        else
        {
            await waiting.WaitAsync(TestLog.Patience, TestContext.Current.CancellationToken);
            Assert.False(log.IsBehind);
        }
    }
}
