namespace AnnServer.Storage.Pages;

/// <summary>Reads the pages of a checkpoint, newest first, and checks every byte on the way.</summary>
internal sealed class PageReader(Checkpoint checkpoint, PageFiles files)
{
    private readonly byte[] _buffer = new byte[checkpoint.PageBytes];
    private readonly List<int> _offsets = [];

    // Of the log page in the buffer: its bytes that belong to the checkpoint.
    private long _from = -1;
    private long _to = -1;

    /// <summary>Hands every image to the handler but those of the collections to leave out, which may be damaged.</summary>
    /// <exception cref="StorageCorruptionException">Some bytes are not what was written.</exception>
    public void Read(IPageHandler handler, IReadOnlySet<uint> leaveOut)
    {
        for (int i = checkpoint.Extents.Length - 1; i >= 0; i--)
        {
            PageExtent extent = checkpoint.Extents[i];
            if (leaveOut.Contains(extent.Collection))
            {
                continue;
            }

            for (long page = (extent.To - 1) / checkpoint.PageBytes; page >= extent.From / checkpoint.PageBytes; page--)
            {
                Fill(page);
                ReadRecords(Math.Max(_from, extent.From), Math.Min(_to, extent.To), extent.Collection, handler);
            }
        }
    }

    private void Fill(long page)
    {
        long from = Math.Max(checkpoint.Begin, page * checkpoint.PageBytes);
        if (from == _from)
        {
            return;
        }

        _from = -1;
        long to = Math.Min(checkpoint.Tail, (page + 1) * checkpoint.PageBytes);
        Span<byte> bytes = _buffer.AsSpan(0, (int)(to - from));
        files.Read(from, bytes);
        if (!PageBlocks.AreSound(checkpoint, from, bytes))
        {
            throw new StorageCorruptionException($"Checkpoint {checkpoint.Number} is damaged: a block of the page log has the wrong checksum.", from, 0);
        }

        (_from, _to) = (from, to);
    }

    private void ReadRecords(long from, long to, uint collection, IPageHandler handler)
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan((int)(from - _from), (int)(to - from));
        _offsets.Clear();
        bool isWhole = PageScan.TryFind(bytes, _offsets);
        for (int i = _offsets.Count - 1; i >= 0 && isWhole; i--)
        {
            isWhole = PageEnvelope.TryRead(PageScan.Value(bytes, _offsets[i]), PageScan.Key(bytes, _offsets[i]), out Page page)
                && page.Key.Collection == collection;
            if (isWhole)
            {
                handler.OnPage(page);
            }
        }

        if (!isWhole)
        {
            throw new StorageCorruptionException($"Checkpoint {checkpoint.Number} is damaged: the page log holds something that is not a page.", from, 0);
        }
    }
}
