using CsCheck;

namespace AnnServer.Storage.Tests;

public sealed class OperationLogTests
{
    [Fact]
    public async Task Replay_EmptyLog_IsEmpty()
    {
        using var folder = new TempFolder();
        for (int round = 0; round < 3; round++)
        {
            await using OperationLog log = TestLog.Open(folder.Path);
            ReplaySummary summary = log.Replay(new RecordCollector());
            Assert.Equal(0, summary.Records);
            Assert.Equal(0UL, summary.LastLsn);
            Assert.Equal(0UL, log.LastLsn);
            Assert.Null(log.Fault);
        }
    }

    [Fact]
    public async Task Append_BeforeReplay_IsRefused()
    {
        using var folder = new TempFolder();
        await using OperationLog log = TestLog.Open(folder.Path);
        Assert.Throws<InvalidOperationException>(() => log.Append(1, 1, []));
    }

    [Fact]
    public async Task Replay_Twice_IsRefused()
    {
        using var folder = new TempFolder();
        await using OperationLog log = TestLog.OpenReplayed(folder.Path, out _);
        Assert.Throws<InvalidOperationException>(() => log.Replay(new RecordCollector()));
    }

    [Fact]
    public async Task Reopen_AfterClose_ReturnsEveryRecord()
    {
        using var folder = new TempFolder();
        await using (OperationLog log = TestLog.OpenReplayed(folder.Path, out _))
        {
            for (int i = 0; i < 5000; i++)
            {
                TestLog.AppendNext(log);
            }

            Assert.Equal(5000UL, log.LastLsn);
        }

        await using OperationLog again = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        Assert.Equal(5000, records.Count);
        TestLog.AssertRecords(records);
        Assert.Equal(5000UL, again.DurableLsn);
    }

    [Fact]
    public async Task Reopen_ManyTimes_ContinuesTheSequence()
    {
        using var folder = new TempFolder();
        for (int round = 0; round < 12; round++)
        {
            await using OperationLog log = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
            Assert.Equal(round * 37, records.Count);
            TestLog.AssertRecords(records);
            for (int i = 0; i < 37; i++)
            {
                ulong lsn = TestLog.AppendNext(log);
                if (i % 10 == round % 10)
                {
                    await log.Durable(lsn);
                    Assert.True(log.DurableLsn >= lsn);
                }
            }
        }
    }

    [Fact]
    public async Task Append_EverySize_ComesBack()
    {
        using var folder = new TempFolder();
        var sizes = new List<int>();
        for (int size = 0; size <= TestLog.MaxPayloadBytes; size += size < 70 || size > TestLog.MaxPayloadBytes - 70 ? 1 : 61)
        {
            sizes.Add(size);
        }

        sizes.AddRange([TestLog.MaxPayloadBytes, TestLog.MaxPayloadBytes, 0, TestLog.MaxPayloadBytes]);
        await using (OperationLog log = TestLog.OpenReplayed(folder.Path, out _))
        {
            Assert.Equal(TestLog.MaxPayloadBytes, log.MaxPayloadBytes);
            foreach (int size in sizes)
            {
                byte[] payload = new byte[size];
                Array.Fill(payload, (byte)(size % 251 + 1));
                log.Append(7, (uint)size, payload);
            }
        }

        await using OperationLog again = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        Assert.Equal(sizes, records.ConvertAll(r => r.Payload.Length));
        Assert.All(records, r => Assert.True(r.Payload.AsSpan().IndexOfAnyExcept((byte)(r.Payload.Length % 251 + 1)) < 0));
    }

    [Fact]
    public async Task Append_LargerThanAPage_IsRefusedAndHarmless()
    {
        using var folder = new TempFolder();
        await using OperationLog log = TestLog.OpenReplayed(folder.Path, out _);
        Assert.Throws<ArgumentException>(() => log.Append(1, 1, new byte[log.MaxPayloadBytes + 1]));
        Assert.Equal(1UL, log.Append(1, 1, [1]));
        await log.Durable(1);
    }

    [Fact]
    public async Task Append_FarMoreThanMemoryWithNobodyWaiting_DoesNotBlockForEver()
    {
        using var folder = new TempFolder();
        await using (OperationLog log = TestLog.OpenReplayed(folder.Path, out _))
        {
            Task appends = Task.Run(
                () =>
                {
                    for (int i = 0; i < 400; i++)
                    {
                        TestLog.AppendNext(log, TestLog.MaxPayloadBytes);
                    }
                },
                TestContext.Current.CancellationToken);
            await appends.WaitAsync(TestLog.Patience, TestContext.Current.CancellationToken);
            Assert.True(log.Bytes > 8 * TestLog.MemoryBytes);
        }

        await using OperationLog again = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        Assert.Equal(400, records.Count);
        TestLog.AssertRecords(records, TestLog.MaxPayloadBytes);
    }

    [Fact]
    public async Task Append_EightWritersEachWaiting_KeepsLogOrderAndEveryRecord()
    {
        const int Writers = 8;
        const int PerWriter = 150;
        using var folder = new TempFolder();
        ulong[][] assigned = new ulong[Writers][];
        await using (OperationLog log = TestLog.OpenReplayed(folder.Path, out _))
        {
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                assigned[writer] = new ulong[PerWriter];
                for (int i = 0; i < PerWriter; i++)
                {
                    ulong lsn = log.Append((byte)writer, (uint)i, new byte[i * 3]);
                    assigned[writer][i] = lsn;
                    await log.Durable(lsn);
                    Assert.True(log.DurableLsn >= lsn);
                }
            })));
            LogStatistics statistics = log.Statistics;
            Assert.Equal(Writers * PerWriter, statistics.Appends);
            Assert.Equal(Writers * Enumerable.Range(0, PerWriter).Sum(i => i * 3L), statistics.AppendedBytes);
            Assert.InRange(statistics.Commits, 1, Writers * PerWriter);
            Assert.True(statistics.TotalCommitDuration >= statistics.LastCommitDuration);
        }

        await using OperationLog again = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
        Assert.Equal(Writers * PerWriter, records.Count);
        for (int writer = 0; writer < Writers; writer++)
        {
            for (int i = 0; i < PerWriter; i++)
            {
                StoredRecord record = records[(int)assigned[writer][i] - 1];
                Assert.Equal(((byte)writer, (uint)i, i * 3), (record.Operation, record.Collection, record.Payload.Length));
            }
        }
    }

    [Fact]
    public async Task WaitDurable_HundredsOfWaiters_AllComplete()
    {
        using var folder = new TempFolder();
        await using OperationLog log = TestLog.OpenReplayed(folder.Path, out _);
        var waits = new List<Task>();
        for (int i = 0; i < 500; i++)
        {
            waits.Add(log.Durable(log.Append(1, 1, new byte[20])));
        }

        await Task.WhenAll(waits);
        Assert.Equal(500UL, log.DurableLsn);
    }

    [Fact]
    public async Task WaitDurable_OfARecordThatWasNotAppended_IsRefused()
    {
        using var folder = new TempFolder();
        await using OperationLog log = TestLog.OpenReplayed(folder.Path, out _);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.Durable(1));
    }

    [Fact]
    public async Task Append_AfterWarmUp_AllocatesNothing()
    {
        using var folder = new TempFolder();
        var options = new StorageOptions(folder.Path, 4 << 20, 16 << 20, 16 << 20);
        await using OperationLog log = OperationLog.Open(options, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        log.Replay(new RecordCollector());
        byte[] payload = new byte[700];
        for (int i = 0; i < 1000; i++)
        {
            log.Append(1, 1, payload);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 500; i++)
        {
            log.Append(1, 1, payload);
        }

        // All on one page: FASTER allocates the pages themselves, once each.
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Open_Twice_NamesTheFolder()
    {
        using var folder = new TempFolder();
        await using (TestLog.Open(folder.Path))
        {
            IOException e = Assert.Throws<IOException>(() => TestLog.Open(folder.Path));
            Assert.Contains(folder.Path, e.Message, StringComparison.Ordinal);
        }

        await using OperationLog again = TestLog.Open(folder.Path);
        Assert.Equal(0UL, again.LastLsn);
    }

    [Fact]
    public async Task Dispose_Closes_AndWhatWasAppendedIsDurable()
    {
        using var folder = new TempFolder();
        OperationLog log = TestLog.OpenReplayed(folder.Path, out _);
        ulong lsn = TestLog.AppendNext(log);
        await log.DisposeAsync();
        await log.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => log.Append(1, 1, []));
        await log.Durable(lsn);
        Assert.Equal(lsn, log.DurableLsn);
    }

    [Fact]
    public void Log_AnySequenceOfAppendsWaitsAndReopens_IsTheModel() =>
        Gen.Select(Gen.Int[0, TestLog.MaxPayloadBytes], Gen.Int[0, 9]).Array[1, 60].Sample(
            steps =>
            {
                using var folder = new TempFolder();
                var model = new List<int>();
                OperationLog log = TestLog.OpenReplayed(folder.Path, out _);
                foreach ((int size, int action) in steps)
                {
                    model.Add(size);
                    ulong lsn = log.Append((byte)action, (uint)size, new byte[size]);
                    if (action is 1 or 2)
                    {
                        log.Durable(lsn).GetAwaiter().GetResult();
                    }
                    else if (action == 3)
                    {
                        log.DisposeAsync().AsTask().GetAwaiter().GetResult();
                        log = TestLog.OpenReplayed(folder.Path, out List<StoredRecord> records);
                        Assert.Equal(model, records.ConvertAll(r => r.Payload.Length));
                    }
                }

                log.DisposeAsync().AsTask().GetAwaiter().GetResult();
            },
            iter: 12,
            threads: 1);
}
