using FASTER.core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace AnnServer.Storage.Tests;

/// <summary>Small logs, so that pages and segments are crossed quickly, and records whose content follows from their LSN.</summary>
internal static class TestLog
{
    public const int PageBytes = 4096;
    public const int MemoryBytes = 16 * PageBytes;
    public const int SegmentBytes = 4 * PageBytes;
    public const int MaxPayloadBytes = PageBytes - 48;

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static StorageOptions Options(string folder) => new(folder, PageBytes, MemoryBytes, SegmentBytes);

    public static OperationLog Open(string folder, Func<string, IDevice>? device = null, TimeProvider? time = null) =>
        OperationLog.Open(new StorageDependencies(
            Options(folder), NullLogger.Instance, time ?? TimeProvider.System, device ?? LogFile.CreateDevice));

    public static OperationLog OpenReplayed(string folder, out List<StoredRecord> records, Func<string, IDevice>? device = null)
    {
        OperationLog log = Open(folder, device);
        var collector = new RecordCollector();
        log.Replay(collector);
        records = collector.Records;
        return log;
    }

    /// <summary>Appends the record that belongs at the next LSN, whose payload is at most so long.</summary>
    public static ulong AppendNext(OperationLog log, int maxBytes = 1000)
    {
        ulong lsn = log.LastLsn + 1;
        StoredRecord record = Expected(lsn, maxBytes);
        ulong assigned = log.Append(record.Operation, record.Collection, record.Payload);
        Assert.Equal(lsn, assigned);
        return assigned;
    }

    public static StoredRecord Expected(ulong lsn, int maxBytes = 1000)
    {
        var random = new Random((int)lsn * 7919);
        byte[] payload = new byte[random.Next(maxBytes + 1)];
        random.NextBytes(payload);
        return new StoredRecord(lsn, 1, (byte)random.Next(256), (uint)random.Next(), payload);
    }

    /// <summary>Requires exactly the records 1 to n, each with the content that follows from its LSN.</summary>
    public static void AssertRecords(List<StoredRecord> records, int maxBytes = 1000)
    {
        for (int i = 0; i < records.Count; i++)
        {
            StoredRecord expected = Expected((ulong)i + 1, maxBytes);
            Assert.Equal(expected.Lsn, records[i].Lsn);
            Assert.Equal(expected.Epoch, records[i].Epoch);
            Assert.Equal(expected.Operation, records[i].Operation);
            Assert.Equal(expected.Collection, records[i].Collection);
            Assert.Equal(expected.Payload, records[i].Payload);
        }
    }

    public static async Task Durable(this OperationLog log, ulong lsn) =>
        await log.WaitDurableAsync(lsn, TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(Patience, TestContext.Current.CancellationToken);

    public static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Lets a minute of the log's time pass again and again until the condition holds.</summary>
    public static async Task PassTimeUntil(FakeTimeProvider time, Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
    }
}
