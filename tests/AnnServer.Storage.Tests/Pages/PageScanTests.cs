using AnnServer.Storage.Pages;
using FASTER.core;

namespace AnnServer.Storage.Tests.Pages;

/// <summary>The files of FASTER's hybrid log, read by FASTER and by us: the same records at the same addresses.</summary>
public sealed class PageScanTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 60)]
    [InlineData(2, 1500)]
    [InlineData(3, 3900)]
    public async Task FindsWhatFasterFinds(int seed, int largest)
    {
        var random = new Random(seed);
        var layout = new StorageLayout(_folder.Path);
        StorageOptions options = TestLog.Options(_folder.Path);
        Directory.CreateDirectory(layout.PageFolder);
        var expected = new List<(long Address, long Key, string Value)>();
        using IDevice device = LogFile.CreateDevice(layout.PagePrefix);
        using var store = new FasterKV<long, SpanByte>(new FasterKVSettings<long, SpanByte>
        {
            IndexSize = 1 << 20,
            LogDevice = device,
            PageSize = options.PageBytes,
            MemorySize = options.MemoryBytes,
            SegmentSize = options.SegmentBytes,
            ConcurrencyControlMode = ConcurrencyControlMode.None,
            CheckpointDir = layout.CheckpointFolder,
        });
        using (var session = store.NewSession(new SpanByteFunctions<long, SpanByteAndMemory, Empty>()))
        {
            // Each key once between two checkpoints, as pages are written: FASTER passes over one that was replaced before it was flushed.
            for (int round = 0; round < 4; round++)
            {
                long[] keys = [.. Enumerable.Range(0, 300)];
                random.Shuffle(keys);
                foreach (long key in keys.Take(200))
                {
                    Upsert(session, key, RandomBytes(random, largest));
                }

                await store.TakeHybridLogCheckpointAsync(CheckpointType.FoldOver, cancellationToken: TestContext.Current.CancellationToken);
            }
        }

        using (IFasterScanIterator<long, SpanByte> records = store.Log.Scan(store.Log.BeginAddress, store.Log.TailAddress))
        {
            while (records.GetNext(out _))
            {
                expected.Add((records.CurrentAddress, records.GetKey(), Convert.ToHexString(records.GetValue().ToByteArray())));
            }
        }

        var found = new List<(long Address, long Key, string Value)>();
        using var files = new PageFiles(layout, options.SegmentBytes);
        byte[] page = new byte[options.PageBytes];
        for (long at = store.Log.BeginAddress; at < store.Log.TailAddress;)
        {
            long end = Math.Min(store.Log.TailAddress, ((at / page.Length) + 1) * page.Length);
            byte[] bytes = page[..(int)(end - at)];
            files.Read(at, bytes);
            var offsets = new List<int>();
            Assert.True(PageScan.TryFind(bytes, offsets));
            found.AddRange(offsets.Select(offset => (at + offset, PageScan.Key(bytes, offset), Convert.ToHexString(PageScan.Value(bytes, offset)))));
            at = end;
        }

        Assert.Equal(800, expected.Count);
        Assert.Equal(expected, found);
    }

    private static unsafe void Upsert(
        ClientSession<long, SpanByte, SpanByte, SpanByteAndMemory, Empty, IFunctions<long, SpanByte, SpanByte, SpanByteAndMemory, Empty>> session,
        long key,
        byte[] value)
    {
        fixed (byte* bytes = value)
        {
            SpanByte source = SpanByte.FromPointer(bytes, value.Length);
            session.Upsert(ref key, ref source);
        }
    }

    private static byte[] RandomBytes(Random random, int largest)
    {
        byte[] bytes = new byte[1 + random.Next(largest)];
        random.NextBytes(bytes);
        return bytes;
    }
}
