using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace AnnServer.Storage.Tests;

public sealed class DiskSpaceTests
{
    private const long Least = 1 << 20;
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(250);

    private readonly FakeTimeProvider _time = new();
    private long _free = 10 * Least;
    private int _readings;
    private Exception? _failure;

    [Fact]
    public async Task Shortage_AskedAgainAndAgain_ReadsFourTimesASecond()
    {
        using var folder = new TempFolder();
        await using OperationLog log = Open(folder);
        for (int reading = 1; reading <= 3; reading++)
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.Null(log.Disk.Shortage());
                Assert.Null(log.Disk.SevereShortage());
                Assert.Equal(10 * Least, log.Disk.FreeBytes);
            }

            Assert.Equal(reading, _readings);
            _time.Advance(MaxAge - TimeSpan.FromTicks(1));
            Assert.Null(log.Disk.Shortage());
            Assert.Equal(reading, _readings);
            _time.Advance(TimeSpan.FromTicks(1));
        }
    }

    [Fact]
    public async Task Shortage_SpaceGoesAndReturns_IsSaidAndTakenBack()
    {
        using var folder = new TempFolder();
        await using OperationLog log = Open(folder);
        Assert.Null(log.Disk.Shortage());

        Pass(Least - 1);
        string? shortage = log.Disk.Shortage();
        Assert.Contains(folder.Path, shortage, StringComparison.Ordinal);
        Assert.Contains($"{Least - 1} bytes", shortage, StringComparison.Ordinal);
        Assert.Contains($"MinFreeDiskBytes, {Least}", shortage, StringComparison.Ordinal);
        Assert.Null(log.Disk.SevereShortage());

        Pass((Least / 2) - 1);
        Assert.Contains($"half of MinFreeDiskBytes, {Least}", log.Disk.SevereShortage(), StringComparison.Ordinal);
        Assert.NotNull(log.Disk.Shortage());

        Pass(Least);
        Assert.Null(log.Disk.Shortage());
        Assert.Null(log.Disk.SevereShortage());
    }

    [Fact]
    public async Task FreeBytes_BetweenReadings_FallByWhatTheLogIsGiven()
    {
        using var folder = new TempFolder();
        await using OperationLog log = Open(folder);
        await log.Durable(TestLog.AppendNext(log));
        long before = log.Disk.FreeBytes;
        long appended = log.Statistics.AppendedBytes;

        ulong last = 0;
        while (log.Disk.Shortage() is null)
        {
            last = TestLog.AppendNext(log);
        }

        Assert.True(before - (log.Statistics.AppendedBytes - appended) > log.Disk.FreeBytes);
        Assert.InRange(log.Disk.FreeBytes, Least - TestLog.PageBytes, Least - 1);
        // Having been written makes it no smaller, until the disk is read again.
        await log.Durable(last);
        Assert.InRange(log.Disk.FreeBytes, Least - (2 * TestLog.PageBytes), Least - 1);
        Assert.Equal(1, _readings);
        Pass(5 * Least);
        Assert.Equal(5 * Least, log.Disk.FreeBytes);
    }

    [Fact]
    public async Task FreeBytes_RecordsInMemory_CountAsWritten()
    {
        using var folder = new TempFolder();
        await using OperationLog log = Open(folder);
        await log.Durable(TestLog.AppendNext(log));
        long before = log.Bytes;
        TestLog.AppendNext(log, TestLog.MaxPayloadBytes);

        Pass(3 * Least);

        Assert.Equal((3 * Least) - (log.Bytes - before), log.Disk.FreeBytes);
    }

    [Fact]
    public async Task Shortage_NothingToBeKeptFree_IsNeverSaid()
    {
        using var folder = new TempFolder();
        await using OperationLog log = Open(folder, least: 0);
        _free = 0;

        Assert.Null(log.Disk.Shortage());
        Assert.Null(log.Disk.SevereShortage());
        Assert.Equal(0, _readings);
        Assert.Equal(0, log.Disk.FreeBytes);
        Assert.Equal(1, _readings);
    }

    [Fact]
    public async Task Shortage_SpaceThatCannotBeRead_SaysWhyUntilItCan()
    {
        using var folder = new TempFolder();
        await using OperationLog log = Open(folder);
        _failure = new DriveNotFoundException("It is gone.");

        Assert.Contains("It is gone.", log.Disk.Shortage(), StringComparison.Ordinal);
        Assert.Contains("MinFreeDiskBytes", log.Disk.SevereShortage(), StringComparison.Ordinal);
        Assert.Equal(0, log.Disk.FreeBytes);

        _failure = null;
        Pass(Least);
        Assert.Null(log.Disk.Shortage());
    }

    [Fact]
    public void Read_AFolderBelowAnother_IsTheSpaceOfItsDisk()
    {
        using var folder = new TempFolder();

        long free = DiskSpace.Read(folder.Path);

        Assert.InRange(free, 1, new DriveInfo(folder.Path).TotalSize);
    }

    private OperationLog Open(TempFolder folder, long least = Least)
    {
        StorageOptions options = TestLog.Options(folder.Path) with { MinFreeDiskBytes = least, ReadFreeBytes = Read };
        OperationLog log = OperationLog.Open(new StorageDependencies(options, NullLogger.Instance, _time, LogFile.CreateDevice));
        log.Replay(new RecordCollector());
        return log;

        long Read(string path)
        {
            Assert.Equal(folder.Path, path);
            _readings++;
            return _failure is null ? _free : throw _failure;
        }
    }

    private void Pass(long free)
    {
        _free = free;
        _time.Advance(MaxAge);
    }
}
