using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace AnnServer.Storage.Pages;

/// <summary>
/// Reads the pages of a checkpoint, newest first, and checks every byte on the way: while one stretch is handed out, the next is read.
/// </summary>
internal sealed class PageReader(Checkpoint checkpoint, PageFiles files)
{
    private readonly byte[][] _buffers = [new byte[checkpoint.PageBytes], new byte[checkpoint.PageBytes]];
    private readonly List<int> _offsets = [];

    /// <summary>Hands every image of some collections to each of the handlers, which run side by side. What belongs to others is neither read nor checked.</summary>
    /// <exception cref="StorageCorruptionException">Some bytes are not what was written.</exception>
    public void Read(IReadOnlyList<IPageHandler> handlers, IReadOnlySet<uint> collections)
    {
        List<PageExtent> stretches = [.. Stretches(collections)];
        Task<ReadOnlyMemory<byte>> next = Begin(0);
        for (int i = 0; i < stretches.Count; i++)
        {
            ReadOnlyMemory<byte> bytes = next.GetAwaiter().GetResult();
            next = Begin(i + 1);
            try
            {
                PageExtent stretch = stretches[i];
                Find(bytes.Span, stretch);
                Parallel.ForEach(handlers, handler => Hand(bytes.Span, stretch, handler));
            }
            catch (AggregateException errors)
            {
                // One is enough to say what is wrong.
                ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
            }
            finally
            {
                // Whatever becomes of the loading, nothing reads from files that are closed.
                Task.WhenAny(next).GetAwaiter().GetResult();
            }
        }

        Task<ReadOnlyMemory<byte>> Begin(int stretch) => stretch < stretches.Count
            ? Task.Run(() => ReadSound(stretches[stretch], _buffers[stretch & 1]))
            : Task.FromResult(ReadOnlyMemory<byte>.Empty);
    }

    // The extents from the last to the first, cut at the pages of the log.
    private IEnumerable<PageExtent> Stretches(IReadOnlySet<uint> collections)
    {
        foreach (PageExtent extent in checkpoint.Extents.Reverse().Where(extent => collections.Contains(extent.Collection)))
        {
            for (long page = (extent.To - 1) / checkpoint.PageBytes; page >= extent.From / checkpoint.PageBytes; page--)
            {
                yield return extent with
                {
                    From = Math.Max(extent.From, page * checkpoint.PageBytes),
                    To = Math.Min(extent.To, (page + 1) * checkpoint.PageBytes),
                };
            }
        }
    }

    private ReadOnlyMemory<byte> ReadSound(PageExtent stretch, byte[] buffer)
    {
        (long first, long last) = PageBlocks.Around(checkpoint, stretch.From, stretch.To);
        Memory<byte> bytes = buffer.AsMemory(0, (int)(last - first));
        files.Read(first, bytes.Span);
        return PageBlocks.AreSound(checkpoint, first, bytes.Span)
            ? bytes[(int)(stretch.From - first)..(int)(stretch.To - first)]
            : throw new StorageCorruptionException(
                $"Checkpoint {checkpoint.Number} is damaged: a block of the page log has the wrong checksum.", first, 0);
    }

    private void Find(ReadOnlySpan<byte> bytes, PageExtent stretch)
    {
        _offsets.Clear();
        if (!PageScan.TryFind(bytes, _offsets))
        {
            throw NotAPage(stretch);
        }
    }

    // The bytes are sound, so what is in them is what was written.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Hand(ReadOnlySpan<byte> bytes, PageExtent stretch, IPageHandler handler)
    {
        for (int i = _offsets.Count - 1; i >= 0; i--)
        {
            if (!PageEnvelope.TryRead(
                    PageScan.Value(bytes, _offsets[i]), PageScan.Key(bytes, _offsets[i]), stretch.From + _offsets[i], out Page page)
                || page.Key.Collection != stretch.Collection)
            {
                throw NotAPage(stretch);
            }

            handler.OnPage(page);
        }
    }

    private StorageCorruptionException NotAPage(PageExtent stretch) =>
        new($"Checkpoint {checkpoint.Number} is damaged: the page log holds something that is not a page.", stretch.From, 0);
}
