namespace AnnServer.Storage;

/// <summary>The raw bytes of the segments from one address on, read without FASTER.</summary>
internal sealed class LogTail
{
    private const int ChunkBytes = 1 << 20;

    // FASTER reads and rewrites whole sectors.
    private const int SectorBytes = 4096;

    private readonly StorageLayout _layout;
    private readonly long _segmentBytes;
    private readonly long _from;

    private LogTail(StorageLayout layout, long segmentBytes, long from)
    {
        _layout = layout;
        _segmentBytes = segmentBytes;
        _from = from;
    }

    /// <summary>Ordinal of the newest commit mark found, 0 where there is none.</summary>
    public long NewestOrdinal { get; private set; }

    /// <summary>Bytes up to the last one that is not zero.</summary>
    public long UsedBytes { get; private set; }

    public static LogTail Scan(StorageLayout layout, long segmentBytes, long from, Guid logId)
    {
        var tail = new LogTail(layout, segmentBytes, from);
        byte[] buffer = new byte[ChunkBytes];
        foreach (long segment in layout.ExistingSegments())
        {
            if (segment >= from / segmentBytes)
            {
                tail.ScanSegment(segment, buffer, logId);
            }
        }

        return tail;
    }

    /// <summary>The mark of the commit record that ends at an address, if the bytes before it hold one.</summary>
    public static CommitMark? LastMarkBefore(StorageLayout layout, long segmentBytes, long end, Guid logId)
    {
        const int CommitRecordMaxBytes = 256;
        long segment = (end - 1) / segmentBytes;
        long start = Math.Max(segment * segmentBytes, end - CommitRecordMaxBytes);
        if (!File.Exists(layout.Segment(segment)))
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[CommitRecordMaxBytes];
        using var file = new FileStream(layout.Segment(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        file.Seek(start - segment * segmentBytes, SeekOrigin.Begin);
        bytes = bytes[..file.ReadAtLeast(bytes[..(int)(end - start)], (int)(end - start), throwOnEndOfStream: false)];
        for (int at = bytes.LastIndexOf(CommitMark.MagicBytes); at >= 0; at = bytes[..at].LastIndexOf(CommitMark.MagicBytes))
        {
            if (CommitMark.TryRead(bytes[at..], logId, out CommitMark mark))
            {
                return mark;
            }
        }

        return null;
    }

    /// <summary>
    /// Removes everything scanned. Bytes of an abandoned tail must not survive: after a later crash they could line up
    /// with the new end of the log and be read as its continuation.
    /// </summary>
    public void Erase()
    {
        long first = _from / _segmentBytes;
        foreach (long segment in _layout.ExistingSegments())
        {
            if (segment > first)
            {
                File.Delete(_layout.Segment(segment));
            }
            else if (segment == first)
            {
                long keep = _from % _segmentBytes;
                using var file = new FileStream(_layout.Segment(segment), FileMode.Open, FileAccess.Write, FileShare.None);
                file.SetLength(keep);
                file.SetLength((keep + SectorBytes - 1) / SectorBytes * SectorBytes);
                file.Flush(flushToDisk: true);
            }
        }

        DirectorySync.Flush(_layout.LogFolder);
    }

    private void ScanSegment(long segment, byte[] buffer, Guid logId)
    {
        long start = segment * _segmentBytes;
        using var file = new FileStream(_layout.Segment(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        file.Seek(Math.Max(0, _from - start), SeekOrigin.Begin);
        int kept = 0;
        while (true)
        {
            int read = file.Read(buffer, kept, buffer.Length - kept);
            if (read == 0)
            {
                return;
            }

            ReadOnlySpan<byte> chunk = buffer.AsSpan(0, kept + read);
            int lastUsed = chunk.LastIndexOfAnyExcept((byte)0);
            if (lastUsed >= 0)
            {
                UsedBytes = Math.Max(UsedBytes, start + file.Position - chunk.Length + lastUsed + 1 - _from);
                FindMarks(chunk, logId);
            }

            // A mark may straddle two reads; it lies in one page, so never in two segments.
            kept = Math.Min(CommitMark.Bytes - 1, chunk.Length);
            chunk[^kept..].CopyTo(buffer);
        }
    }

    private void FindMarks(ReadOnlySpan<byte> chunk, Guid logId)
    {
        for (int at = chunk.IndexOf(CommitMark.MagicBytes); at >= 0;)
        {
            if (CommitMark.TryRead(chunk[at..], logId, out CommitMark mark))
            {
                NewestOrdinal = Math.Max(NewestOrdinal, mark.Ordinal);
            }

            int next = chunk[(at + 1)..].IndexOf(CommitMark.MagicBytes);
            at = next < 0 ? -1 : at + 1 + next;
        }
    }
}
