using Microsoft.Extensions.Time.Testing;

namespace AnnServer.Storage.Tests;

/// <summary>Commits that nobody waits for: those that were asked for, and those that come with time.</summary>
public sealed class OperationLogFlushTests
{
    private static readonly TimeSpan Interval = TestLog.Options("any").FlushInterval;

    [Fact]
    public async Task StalledDisk_HoldsUpOnlyThoseWhoWaitForIt()
    {
        using var folder = new TempFolder();
        await using Opened opened = Opened.Over(folder);
        OperationLog log = opened.Log;
        opened.Disk.Stall();

        TestLog.AppendNext(log);
        log.RequestCommit(TestLog.AppendNext(log));
        Task waiting = log.Durable(TestLog.AppendNext(log));
        await TestLog.Until(() => opened.Disk.Held > 0);
        log.RequestCommit(TestLog.AppendNext(log));

        Assert.False(waiting.IsCompleted);
        Assert.Equal(0UL, log.DurableLsn);
        opened.Disk.Resume();
        await waiting;
        await TestLog.Until(() => log.DurableLsn == 4);
    }

    [Fact]
    public async Task RequestCommit_NobodyWaitsAndNoTimePasses_IsCarriedOut()
    {
        using var folder = new TempFolder();
        await using Opened opened = Opened.Over(folder);
        OperationLog log = opened.Log;
        TestLog.AppendNext(log);
        TestLog.AppendNext(log);

        log.RequestCommit(1);

        // The commit covers what is there when it begins.
        await TestLog.Until(() => log.DurableLsn == 2);
        log.RequestCommit(2);
        Assert.Equal(1, opened.Commits);
        Assert.Throws<ArgumentOutOfRangeException>(() => log.RequestCommit(3));
    }

    [Fact]
    public async Task RequestCommit_DiskThatFails_IsAFaultThatLaterRequestsSee()
    {
        using var folder = new TempFolder();
        await using Opened opened = Opened.Over(folder);
        OperationLog log = opened.Log;
        opened.Disk.FailWrite(1);

        log.RequestCommit(TestLog.AppendNext(log));

        await TestLog.Until(() => log.Fault is not null);
        Assert.Throws<StorageFaultException>(() => log.RequestCommit(1));
        Assert.Throws<StorageFaultException>(() => log.Append(1, 1, []));
    }

    [Fact]
    public async Task Append_NobodyAsksForACommit_IsCommittedAfterTheInterval()
    {
        using var folder = new TempFolder();
        await using Opened opened = Opened.Over(folder);
        OperationLog log = opened.Log;
        opened.Disk.Stall();
        TestLog.AppendNext(log);
        opened.Time.Advance(Interval - TimeSpan.FromTicks(1));
        // Does not put off the flush of the first.
        TestLog.AppendNext(log);
        Assert.Equal(0, opened.Disk.Held);

        opened.Time.Advance(TimeSpan.FromTicks(1));

        await TestLog.Until(() => opened.Disk.Held > 0);
        // Comes due while the disk is at the first two.
        TestLog.AppendNext(log);
        opened.Time.Advance(Interval);
        opened.Disk.Resume();
        await TestLog.Until(() => log.DurableLsn == 3);
        Assert.Equal(2, opened.Commits);
    }

    [Fact]
    public async Task Interval_EverythingDurable_CommitsNothing()
    {
        using var folder = new TempFolder();
        await using Opened opened = Opened.Over(folder);
        OperationLog log = opened.Log;
        for (int i = 1; i <= 5; i++)
        {
            await log.Durable(TestLog.AppendNext(log));
            opened.Time.Advance(Interval);
            opened.Time.Advance(Interval);
            Assert.Equal(i, opened.Commits);
        }
    }

    [Fact]
    public async Task Dispose_BeforeTheInterval_MakesEverythingDurableAndLeavesNoTimer()
    {
        using var folder = new TempFolder();
        await using Opened opened = Opened.Over(folder);
        TestLog.AppendNext(opened.Log);

        await opened.Log.DisposeAsync();

        Assert.Equal(1UL, opened.Log.DurableLsn);
        opened.Time.Advance(Interval);
        await using OperationLog again = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        TestLog.AssertRecords(records);
        Assert.Single(records);
    }

    [Fact]
    public async Task Crash_BeforeTheInterval_LosesTheLastRecordsOnly()
    {
        using var folder = new TempFolder();
        await using Opened opened = Opened.Over(folder);
        OperationLog log = opened.Log;
        for (int i = 0; i < 20; i++)
        {
            TestLog.AppendNext(log);
        }

        await log.Durable(TestLog.AppendNext(log));
        TestLog.AppendNext(log);

        using TempFolder crashed = folder.Snapshot();
        await using OperationLog recovered = TestLog.OpenReplayed(crashed.Path, out List<StoredRecord> records);
        Assert.Equal(21, records.Count);
        TestLog.AssertRecords(records);
        Assert.Equal(21UL, recovered.LastLsn);
        Assert.Equal(22UL, log.LastLsn);
    }

    /// <summary>A log over a disk and a clock of the test.</summary>
    private sealed class Opened(OperationLog log, FaultyDevice disk, FakeTimeProvider time) : IAsyncDisposable
    {
        // That of a new log.
        private readonly long _commitsBefore = log.Statistics.Commits;

        public OperationLog Log => log;

        public FaultyDevice Disk => disk;

        public FakeTimeProvider Time => time;

        public long Commits => log.Statistics.Commits - _commitsBefore;

        public static Opened Over(TempFolder folder)
        {
            FaultyDevice? disk = null;
            var time = new FakeTimeProvider();
            OperationLog log = TestLog.Open(folder.Path, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)), time);
            log.Replay(new RecordCollector());
            return new Opened(log, disk!, time);
        }

        public ValueTask DisposeAsync()
        {
            disk.Resume();
            return log.DisposeAsync();
        }
    }
}
