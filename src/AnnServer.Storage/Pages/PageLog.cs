using System.Numerics;
using FASTER.core;
using Session = FASTER.core.ClientSession<
    long, FASTER.core.SpanByte, FASTER.core.SpanByte, FASTER.core.SpanByteAndMemory, FASTER.core.Empty, FASTER.core.IFunctions<long, FASTER.core.SpanByte, FASTER.core.SpanByte, FASTER.core.SpanByteAndMemory, FASTER.core.Empty>>;
using Store = FASTER.core.FasterKV<long, FASTER.core.SpanByte>;

namespace AnnServer.Storage.Pages;

/// <summary>The FasterKV store of the pages and its device, opened with every size given. One thread at a time.</summary>
/// <remarks>
/// One session, owned by whoever writes checkpoints: a checkpoint waits for every session, so that one more could hold it up for ever.
/// The index is not part of a checkpoint: FASTER rebuilds it from the log, so there is no index file that could be damaged.
/// </remarks>
internal sealed class PageLog : IDisposable
{
    /// <summary>Address of the first record of a new store.</summary>
    public const long FirstAddress = 64;

    // A bucket of 64 bytes has room for seven keys; with fewer than four on average, few overflow.
    private const int KeysPerBucket = 4;
    private const int BucketBytes = 64;
    private const long LeastIndexBytes = 1 << 20;

    // Pages are written to disk as soon as they are full, so that a checkpoint has little left to write.
    private const double MutableFraction = 0.25;

    private readonly WatchedDevice _device;
    private readonly Store _store;
    private readonly Session _session;

    private PageLog(WatchedDevice device, Store store)
    {
        _device = device;
        _store = store;
        _session = store.NewSession(new SpanByteFunctions<long, SpanByteAndMemory, Empty>());
    }

    /// <summary>Address after the last record.</summary>
    public long Tail => _store.Log.TailAddress;

    /// <summary>Memory of its pages and of its index. Any thread.</summary>
    public long MemoryBytes => _store.Log.MemorySizeBytes + (_store.IndexSize * BucketBytes);

    /// <summary>The first write that failed.</summary>
    public Task<IOException> Failed => _device.Failed;

    /// <summary>Opens the store at a checkpoint, or an empty one.</summary>
    /// <param name="keys">How many keys are expected; more are slower.</param>
    public static PageLog Open(StorageOptions options, StorageLayout layout, long keys, Checkpoint? checkpoint)
    {
        var device = new WatchedDevice(LogFile.CreateDevice(layout.PagePrefix));
        Store? store = null;
        try
        {
            store = new Store(new FasterKVSettings<long, SpanByte>
            {
                IndexSize = Math.Max(LeastIndexBytes, (long)BitOperations.RoundUpToPowerOf2((ulong)(keys / KeysPerBucket * BucketBytes))),
                LogDevice = device,
                PageSize = options.PageBytes,
                MemorySize = options.MemoryBytes,
                SegmentSize = options.SegmentBytes,
                MutableFraction = MutableFraction,
                ConcurrencyControlMode = ConcurrencyControlMode.None,
                CheckpointDir = layout.CheckpointFolder,
                RemoveOutdatedCheckpoints = false,
            });
            if (checkpoint is not null)
            {
                store.Recover(default, checkpoint.Token, numPagesToPreload: 0);
                if (store.Log.TailAddress != checkpoint.Tail)
                {
                    throw new StorageCorruptionException(
                        $"Checkpoint {checkpoint.Number} ends at address {checkpoint.Tail}, FASTER opens it at {store.Log.TailAddress}.");
                }
            }

            return new PageLog(device, store);
        }
        catch (FasterException e)
        {
            store?.Dispose();
            device.Dispose();
            throw new StorageCorruptionException($"The page store in '{layout.PageFolder}' cannot be opened: {e.Message}", e);
        }
        catch
        {
            store?.Dispose();
            device.Dispose();
            throw;
        }
    }

    /// <summary>Writes a value. Returns the address of its record.</summary>
    /// <param name="isNew">False where it took the place of one that was written since the last checkpoint.</param>
    public unsafe long Write(long key, ReadOnlySpan<byte> value, out bool isNew)
    {
        fixed (byte* bytes = value)
        {
            SpanByte source = SpanByte.FromPointer(bytes, value.Length);
            SpanByte input = default;
            SpanByteAndMemory output = default;
            Status status = _session.Upsert(ref key, ref input, ref source, ref output, out RecordMetadata record);
            isNew = status.Record.Created;
            return record.Address;
        }
    }

    /// <summary>Puts everything written on stable storage, under a name. Fails with the device, or after <paramref name="patience"/>.</summary>
    public async Task<Guid> CheckpointAsync(TimeSpan patience)
    {
        Task<(bool Success, Guid Token)> taken = _store.TakeHybridLogCheckpointAsync(CheckpointType.FoldOver).AsTask();
        using var waiting = new CancellationTokenSource();
        Task first = await Task.WhenAny(taken, _device.Failed, Task.Delay(patience, waiting.Token)).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        if (first == _device.Failed)
        {
            throw await _device.Failed.ConfigureAwait(false);
        }

        if (first != taken)
        {
            throw new TimeoutException($"A checkpoint took longer than {patience}.");
        }

        (bool success, Guid token) = await taken.ConfigureAwait(false);
        return success ? token : throw new IOException("FASTER declined a checkpoint.");
    }

    /// <summary>Forgets everything before an address and deletes the segments that lie before it.</summary>
    public void TruncateUntil(long address) => _store.Log.ShiftBeginAddress(address, snapToPageStart: false, truncateLog: true);

    public void Dispose()
    {
        _session.Dispose();
        _store.Dispose();
        _device.Dispose();
    }
}
