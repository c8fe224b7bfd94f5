namespace AnnServer.Storage.Pages;

/// <summary>Reads the pages of a checkpoint, newest first, and checks every byte on the way.</summary>
internal sealed class PageReader(Checkpoint checkpoint, PageFiles files)
{
    private readonly byte[] _buffer = new byte[checkpoint.PageBytes];
    private readonly List<int> _offsets = [];

    /// <summary>Hands every image of some collections to the handler. What belongs to others is neither read nor checked.</summary>
    /// <exception cref="StorageCorruptionException">Some bytes are not what was written.</exception>
    public void Read(IPageHandler handler, IReadOnlySet<uint> collections)
    {
        for (int i = checkpoint.Extents.Length - 1; i >= 0; i--)
        {
            PageExtent extent = checkpoint.Extents[i];
            if (!collections.Contains(extent.Collection))
            {
                continue;
            }

            for (long page = (extent.To - 1) / checkpoint.PageBytes; page >= extent.From / checkpoint.PageBytes; page--)
            {
                long from = Math.Max(extent.From, page * checkpoint.PageBytes);
                long to = Math.Min(extent.To, (page + 1) * checkpoint.PageBytes);
                Hand(ReadSound(from, to), from, extent.Collection, handler);
            }
        }
    }

    // A range within one log page.
    private ReadOnlySpan<byte> ReadSound(long from, long to)
    {
        (long first, long last) = PageBlocks.Around(checkpoint, from, to);
        Span<byte> bytes = _buffer.AsSpan(0, (int)(last - first));
        files.Read(first, bytes);
        return PageBlocks.AreSound(checkpoint, first, bytes)
            ? bytes[(int)(from - first)..(int)(to - first)]
            : throw new StorageCorruptionException(
                $"Checkpoint {checkpoint.Number} is damaged: a block of the page log has the wrong checksum.", first, 0);
    }

    private void Hand(ReadOnlySpan<byte> bytes, long address, uint collection, IPageHandler handler)
    {
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
            throw new StorageCorruptionException(
                $"Checkpoint {checkpoint.Number} is damaged: the page log holds something that is not a page.", address, 0);
        }
    }
}
