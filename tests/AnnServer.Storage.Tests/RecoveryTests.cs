using Microsoft.Extensions.Time.Testing;

namespace AnnServer.Storage.Tests;

public sealed class RecoveryTests
{
    // What FASTER writes of a commit before our mark.
    private const int CommitHeaderBytes = 44;

    [Fact]
    public async Task Kill_AtAnyMoment_LosesNothingAcknowledged()
    {
        using var folder = new TempFolder();
        var snapshots = new List<(TempFolder Copy, ulong Acknowledged)>();
        await using (OperationLog log = TestLog.OpenReplayed(folder.Path, out _))
        {
            for (int i = 0; i < 400; i++)
            {
                ulong lsn = TestLog.AppendNext(log);
                if (i % 3 == 0)
                {
                    await log.Durable(lsn);
                }

                if (i % 40 == 0)
                {
                    ulong durable = log.DurableLsn;
                    snapshots.Add((folder.Snapshot(), durable));
                }
            }
        }

        foreach ((TempFolder copy, ulong acknowledged) in snapshots)
        {
            using (copy)
            {
                await using OperationLog log = TestLog.OpenReplayed(copy.Path, out List<StoredRecord> records);
                TestLog.AssertRecords(records);
                Assert.True((ulong)records.Count >= acknowledged);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task TornCommit_WhosePagesArrivedInAnyOrder_EndsAtTheCommitBefore(int lostPage)
    {
        using var folder = new TempFolder();
        FaultyDevice? disk = null;
        var time = new FakeTimeProvider();
        OperationLog log = TestLog.Open(folder.Path, prefix => disk = new FaultyDevice(LogFile.CreateDevice(prefix)), time);
        log.Replay(new RecordCollector());
        for (int i = 0; i < 10; i++)
        {
            await log.Durable(TestLog.AppendNext(log));
        }

        ulong acknowledged = log.LastLsn;
        long torn = (log.Bytes / TestLog.PageBytes + lostPage) * TestLog.PageBytes;
        disk!.Lose((segment, offset) =>
            (segment * TestLog.SegmentBytes + (long)offset) / TestLog.PageBytes == torn / TestLog.PageBytes);
        long end = log.Bytes + 3 * TestLog.PageBytes;
        while (log.Bytes < end)
        {
            TestLog.AppendNext(log);
        }

        if (lostPage < 4)
        {
            Task wait = log.Durable(log.LastLsn);
            await TestLog.PassTimeUntil(time, () => wait.IsCompleted);
            await Assert.ThrowsAsync<StorageFaultException>(() => wait);
        }
        else
        {
            await log.Durable(log.LastLsn);
            acknowledged = log.LastLsn;
        }

        using TempFolder crashed = folder.Snapshot();
        Task disposal = log.DisposeAsync().AsTask();
        await TestLog.PassTimeUntil(time, () => disposal.IsCompleted);
        await disposal;

        // Again and again, with new records in between: nothing of the abandoned tail may come back.
        for (int round = 0; round < 3; round++)
        {
            await using OperationLog again = TestLog.OpenReplayed(crashed.Path, out List<StoredRecord> records);
            TestLog.AssertRecords(records);
            Assert.True((ulong)records.Count >= acknowledged);
            TestLog.AppendNext(again);
            acknowledged = again.LastLsn;
            await again.Durable(acknowledged);
        }
    }

    [Fact]
    public async Task BitFlip_AnywhereInAClosedLog_IsAnErrorOrHarmless()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 5);
        byte[][] segments = ReadSegments(folder.Path);
        var random = new Random(17);
        int refused = 0;
        for (int trial = 0; trial < 120; trial++)
        {
            using TempFolder copy = folder.Snapshot();
            int segment = random.Next(segments.Length);
            int offset = random.Next(segments[segment].Length);
            Damage(copy.Path, segment, offset, [(byte)(segments[segment][offset] ^ (1 << random.Next(8)))]);
            refused += await RefusesOrReturnsEverything(copy.Path, 60) ? 1 : 0;
        }

        // Only padding and the headers of old commits may be flipped unnoticed.
        Assert.InRange(refused, 90, 120);
    }

    [Fact]
    public async Task ZeroedLength_OfAnyRecord_IsAnError()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 5);
        byte[][] segments = ReadSegments(folder.Path);
        int tried = 0;
        for (int segment = 0; segment < segments.Length; segment++)
        {
            for (int at = 0; (at = IndexOf(segments[segment], RecordEnvelope.MagicBytes, at)) >= 0; at++)
            {
                using TempFolder copy = folder.Snapshot();
                Damage(copy.Path, segment, at - 4, new byte[4]);
                Assert.True(await RefusesOrReturnsEverything(copy.Path, 60));
                tried++;
            }
        }

        Assert.Equal(60, tried);
    }

    [Fact]
    public async Task LostBlock_OfAnOpenLog_IsAnError()
    {
        using var folder = new TempFolder();
        await using OperationLog log = TestLog.OpenReplayed(folder.Path, out _);
        while (log.Bytes < 6 * TestLog.PageBytes)
        {
            await log.Durable(TestLog.AppendNext(log));
        }

        for (int page = 0; page < 5; page++)
        {
            using TempFolder copy = folder.Snapshot();
            Damage(copy.Path, page / 4, page % 4 * TestLog.PageBytes, new byte[TestLog.PageBytes]);
            Assert.True(await RefusesOrReturnsEverything(copy.Path, (int)log.LastLsn));
        }
    }

    [Fact]
    public async Task LostFiles_AreAnError()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 5);
        var layout = new StorageLayout(folder.Path);
        List<long> segments = layout.ExistingSegments();
        foreach (long segment in segments)
        {
            using TempFolder copy = folder.Snapshot();
            File.Delete(new StorageLayout(copy.Path).Segment(segment));
            Assert.True(await RefusesOrReturnsEverything(copy.Path, 60));
        }

        using TempFolder withoutFormat = folder.Snapshot();
        File.Delete(new StorageLayout(withoutFormat.Path).FormatFile);
        Assert.Throws<StorageCorruptionException>(() => TestLog.Open(withoutFormat.Path));

        using TempFolder withoutSegments = folder.Snapshot();
        foreach (long segment in segments)
        {
            File.Delete(new StorageLayout(withoutSegments.Path).Segment(segment));
        }

        Assert.Throws<StorageCorruptionException>(() => TestLog.Open(withoutSegments.Path));
    }

    [Fact]
    public async Task LostCommitMetadata_IsHarmless()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 5);
        Directory.Delete(new StorageLayout(folder.Path).CommitFolder, recursive: true);
        Assert.False(await RefusesOrReturnsEverything(folder.Path, 60));
    }

    [Fact]
    public async Task DamagedCommitMetadata_IsHarmless()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 5);
        var random = new Random(23);
        for (int trial = 0; trial < 60; trial++)
        {
            using TempFolder copy = folder.Snapshot();
            string file = Directory.GetFiles(new StorageLayout(copy.Path).CommitFolder)[0];
            byte[] bytes = File.ReadAllBytes(file);
            bytes[random.Next(100)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, bytes);
            Assert.False(await RefusesOrReturnsEverything(copy.Path, 60));
        }
    }

    [Fact]
    public async Task DamagedCommitMetadata_InAnyOfItsNumbers_IsHarmless()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 5);
        string name = Path.GetRelativePath(folder.Path, Directory.GetFiles(new StorageLayout(folder.Path).CommitFolder)[0]);
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder.Path, name));
        for (int at = 0; at < CommitHeaderBytes + sizeof(int); at++)
        {
            using TempFolder copy = folder.Snapshot();
            File.WriteAllBytes(Path.Combine(copy.Path, name), WithHighBits(bytes, at));
            Assert.False(await RefusesOrReturnsEverything(copy.Path, 60));
        }
    }

    [Fact]
    public async Task DamagedCommit_InAnyOfItsNumbers_IsAnError()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 1);

        // FASTER looks for the last commit from here on; what lies before it takes on trust.
        await using (OperationLog log = TestLog.OpenReplayed(folder.Path, out _))
        {
            await log.Durable(TestLog.AppendNext(log));
        }

        byte[][] segments = ReadSegments(folder.Path);
        int segment = Array.FindLastIndex(segments, bytes => IndexOf(bytes, CommitMark.MagicBytes, 0) >= 0);
        byte[] last = segments[segment];
        int tried = 0;
        for (int mark = 0; (mark = IndexOf(last, CommitMark.MagicBytes, mark)) >= 0; mark++)
        {
            for (int at = mark - CommitHeaderBytes; at < mark; at += 3)
            {
                using TempFolder copy = folder.Snapshot();
                Damage(copy.Path, segment, at, [WithHighBits(last, at)[at]]);
                Assert.True(await RefusesOrReturnsEverything(copy.Path, 61), $"byte {at - mark} before the mark at {mark}");
                tried++;
            }
        }

        Assert.InRange(tried, CommitHeaderBytes, int.MaxValue);
    }

    [Fact]
    public async Task Damage_Error_NamesThePlaceAndLeavesTheFilesAlone()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 1);
        byte[][] segments = ReadSegments(folder.Path);
        int at = IndexOf(segments[1], RecordEnvelope.MagicBytes, 0);
        Damage(folder.Path, 1, at + 40, [(byte)~segments[1][at + 40]]);
        byte[][] damaged = ReadSegments(folder.Path);
        StorageCorruptionException? error = await Corruption(folder.Path);
        Assert.NotNull(error);
        Assert.InRange(error.Address, TestLog.SegmentBytes - TestLog.PageBytes, TestLog.SegmentBytes + at);
        Assert.InRange(error.Lsn, 2UL, 60UL);
        Assert.Contains($"LSN {error.Lsn}", error.Message, StringComparison.Ordinal);
        Assert.Equal(damaged, ReadSegments(folder.Path));
    }

    [Fact]
    public async Task InterruptedCreation_StartsAgain()
    {
        using var folder = new TempFolder();
        await TestLog.Open(folder.Path).DisposeAsync();
        File.Delete(new StorageLayout(folder.Path).FormatFile);
        await using OperationLog log = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        Assert.Empty(records);
        await log.Durable(TestLog.AppendNext(log));
    }

    [Fact]
    public async Task Handler_ThatThrows_EndsTheReplayAndKeepsTheLog()
    {
        using var folder = new TempFolder();
        await Fill(folder.Path, 60, durableEvery: 5);
        await using (OperationLog log = TestLog.Open(folder.Path))
        {
            Assert.Throws<FormatException>(() => log.Replay(new ThrowingHandler()));
            Assert.Throws<InvalidOperationException>(() => log.Append(1, 1, []));
        }

        Assert.False(await RefusesOrReturnsEverything(folder.Path, 60));
    }

    // A length becomes a huge one, for which FASTER would read on where there is nothing.
    private static byte[] WithHighBits(byte[] bytes, int at)
    {
        byte[] damaged = [.. bytes];
        damaged[at] ^= 0x70;
        return damaged;
    }

    private static async Task Fill(string folder, int records, int durableEvery)
    {
        await using OperationLog log = TestLog.OpenReplayed(folder, out _);
        for (int i = 1; i <= records; i++)
        {
            ulong lsn = TestLog.AppendNext(log);
            if (i % durableEvery == 0)
            {
                await log.Durable(lsn);
            }
        }
    }

    private static async Task<StorageCorruptionException?> Corruption(string folder)
    {
        try
        {
            await using OperationLog log = TestLog.Open(folder);
            log.Replay(new RecordCollector());
            return null;
        }
        catch (StorageCorruptionException e)
        {
            return e;
        }
    }

    /// <summary>True for a typed error; otherwise the log must be complete.</summary>
    private static async Task<bool> RefusesOrReturnsEverything(string folder, int count)
    {
        try
        {
            await using OperationLog log = TestLog.OpenReplayed(folder, out List<StoredRecord> records);
            TestLog.AssertRecords(records);
            Assert.Equal(count, records.Count);
            return false;
        }
        catch (StorageCorruptionException)
        {
            return true;
        }
    }

    private static byte[][] ReadSegments(string folder)
    {
        var layout = new StorageLayout(folder);
        return [.. layout.ExistingSegments().Select(n => File.ReadAllBytes(layout.Segment(n)))];
    }

    private static void Damage(string folder, long segment, long offset, byte[] bytes)
    {
        using FileStream file = File.OpenWrite(new StorageLayout(folder).Segment(segment));
        file.Position = offset;
        file.Write(bytes);
    }

    private static int IndexOf(byte[] bytes, ReadOnlySpan<byte> what, int from)
    {
        int at = bytes.AsSpan(from).IndexOf(what);
        return at < 0 ? -1 : from + at;
    }

    private sealed class ThrowingHandler : IRecordHandler
    {
        public void OnRecord(in LogRecord record) => throw new FormatException("The handler does not like this record.");
    }
}
