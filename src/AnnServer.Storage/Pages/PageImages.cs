using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace AnnServer.Storage.Pages;

/// <summary>
/// Reads images by the addresses that <see cref="PageStore.Write"/> and <see cref="Page"/> name, on any number of threads, and checks
/// every byte. An address holds until the next checkpoint but one after a newer image of the page is committed.
/// </summary>
/// <remarks>FASTER's own reads would go through the session of whoever writes checkpoints, one at a time.</remarks>
public sealed class PageImages : IDisposable
{
    private const int MostOnStack = 128;

    private readonly StorageLayout _layout;
    private readonly long _segmentBytes;
    private readonly ConcurrentDictionary<long, SafeFileHandle> _segments = new();
    private long _begin;
    private volatile bool _isDisposed;
    private long _diskReads;

    internal PageImages(StorageLayout layout, long segmentBytes)
    {
        _layout = layout;
        _segmentBytes = segmentBytes;
    }

    /// <summary>Images that had to be read from the disk.</summary>
    public long DiskReads => Interlocked.Read(ref _diskReads);

    /// <summary>Reads images of pages of one kind of a collection, all of one length, those that are not in memory all at once.</summary>
    /// <param name="addresses">As many as ordinals; 0 reads as zeros.</param>
    /// <param name="images">Room for all, one after another.</param>
    /// <returns>False where an address is gone: there is a newer image elsewhere.</returns>
    /// <exception cref="StorageCorruptionException">What is there is not what was written.</exception>
    public bool TryRead(uint collection, byte kind, ReadOnlySpan<uint> ordinals, ReadOnlySpan<long> addresses, Span<byte> images)
    {
        int imageBytes = images.Length / ordinals.Length;
        int recordBytes = PageScan.RecordBytes(PageEnvelope.OverheadBytes + imageBytes);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(recordBytes * ordinals.Length);
        try
        {
            if (!TryRead(addresses, buffer, recordBytes))
            {
                return false;
            }

            for (int i = 0; i < ordinals.Length; i++)
            {
                Span<byte> image = images.Slice(i * imageBytes, imageBytes);
                if (addresses[i] == 0)
                {
                    image.Clear();
                    continue;
                }

                ReadOnlySpan<byte> record = buffer.AsSpan(i * recordBytes, recordBytes);
                long key = new PageKey(collection, kind, ordinals[i]).Packed;
                if (!PageScan.IsRecord(record, key)
                    || !PageEnvelope.IsSound(PageScan.Value(record, 0), key)
                    || !PageEnvelope.TryRead(PageScan.Value(record, 0), key, addresses[i], out Page page))
                {
                    throw new StorageCorruptionException(
                        $"'{_layout.PageSegment(addresses[i] / _segmentBytes)}' is damaged: an image is not what was written.", addresses[i], 0);
                }

                page.Image.CopyTo(image);
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Says where the page log begins: what lies before is gone, or about to be deleted.</summary>
    internal void BeginAt(long begin)
    {
        Volatile.Write(ref _begin, begin);
        foreach ((long segment, SafeFileHandle handle) in _segments)
        {
            if ((segment + 1) * _segmentBytes <= begin && _segments.TryRemove(segment, out _))
            {
                handle.Dispose();
            }
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        foreach (SafeFileHandle handle in _segments.Values)
        {
            handle.Dispose();
        }
    }

    private bool TryRead(ReadOnlySpan<long> addresses, byte[] buffer, int recordBytes)
    {
        Span<int> absent = addresses.Length <= MostOnStack ? stackalloc int[addresses.Length] : new int[addresses.Length];
        int count = 0;
        try
        {
            for (int i = 0; i < addresses.Length; i++)
            {
                if (addresses[i] != 0
                    && !FileCache.TryRead(Segment(addresses[i]), addresses[i] % _segmentBytes, buffer.AsSpan(i * recordBytes, recordBytes)))
                {
                    absent[count++] = i;
                }
            }

            // All are on their way before the first is waited for.
            foreach (int i in absent[..count])
            {
                FileCache.Begin(Segment(addresses[i]), addresses[i] % _segmentBytes, recordBytes);
            }

            foreach (int i in absent[..count])
            {
                ReadWhole(addresses[i], buffer.AsSpan(i * recordBytes, recordBytes));
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or ObjectDisposedException)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            long begin = Volatile.Read(ref _begin);
            foreach (long address in addresses)
            {
                if (address != 0 && address < begin)
                {
                    return false;
                }
            }

            throw new StorageCorruptionException($"A file of the page log is missing: {error.Message}", error);
        }

        Interlocked.Add(ref _diskReads, count);
        return true;
    }

    private void ReadWhole(long address, Span<byte> record)
    {
        SafeFileHandle segment = Segment(address);
        long offset = address % _segmentBytes;
        while (!record.IsEmpty)
        {
            int read = RandomAccess.Read(segment, record, offset);
            if (read == 0)
            {
                throw new StorageCorruptionException($"'{_layout.PageSegment(address / _segmentBytes)}' ends too early.", address, 0);
            }

            record = record[read..];
            offset += read;
        }
    }

    private SafeFileHandle Segment(long address)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        long segment = address / _segmentBytes;
        if (_segments.TryGetValue(segment, out SafeFileHandle? handle))
        {
            return handle;
        }

        handle = File.OpenHandle(_layout.PageSegment(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        FileCache.ExpectRandomReads(handle);
        SafeFileHandle kept = _segments.GetOrAdd(segment, handle);
        if (kept != handle)
        {
            handle.Dispose();
        }
        else if (address < Volatile.Read(ref _begin))
        {
            // Let go of by everybody else meanwhile: kept open, the file would keep its space after it is deleted.
            _segments.TryRemove(segment, out _);
            handle.Dispose();
        }

        return kept;
    }
}
