using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace AnnServer.Storage.Pages;

/// <summary>
/// Reads the pages of a checkpoint, newest first, and checks every byte on the way. One task reads ahead of the handlers, each of which
/// has a task of its own: none waits for another until it is <see cref="Buffers"/> stretches ahead of it.
/// </summary>
internal sealed class PageReader(Checkpoint checkpoint, PageFiles files)
{
    // With a barrier after every stretch a third of two cores was idle.
    private const int Buffers = 6;

    /// <summary>Hands every image of some collections to the handlers. What belongs to others is neither read nor checked.</summary>
    /// <param name="handlers">By kind; the last takes all kinds from its own on.</param>
    /// <param name="collections">Their numbers.</param>
    /// <exception cref="StorageCorruptionException">Some bytes are not what was written.</exception>
    public void Read(IReadOnlyList<IPageHandler> handlers, IReadOnlySet<uint> collections)
    {
        using CancellationTokenSource stop = new();
        Channel<Stretch> free = Channel.CreateUnbounded<Stretch>();
        Channel<Stretch>[] lanes = [.. handlers.Select(static _ => Channel.CreateUnbounded<Stretch>())];
        for (int i = 0; i < Buffers; i++)
        {
            free.Writer.TryWrite(new Stretch(checkpoint.PageBytes, handlers.Count));
        }

        List<Exception> errors = [];
        Task[] tasks =
        [
            Run(() => ReadAheadAsync(free.Reader, lanes, collections, stop.Token)),
            .. handlers.Select((handler, lane) => Run(() => HandAsync(lanes[lane].Reader, free.Writer, lane, handler, stop.Token))),
        ];
        // Whatever becomes of the loading, nothing reads from files that are closed.
        Task.WhenAll(tasks).GetAwaiter().GetResult();
        if (errors.Count > 0)
        {
            // The others were told to stop because of the first.
            ExceptionDispatchInfo.Throw(errors[0]);
        }

        Task Run(Func<Task> work) => Task.Run(async () =>
        {
            try
            {
                await work();
            }
            catch (Exception error)
            {
                lock (errors)
                {
                    errors.Add(error);
                }

                await stop.CancelAsync();
            }
        });
    }

    private async Task ReadAheadAsync(
        ChannelReader<Stretch> free, Channel<Stretch>[] lanes, IReadOnlySet<uint> collections, CancellationToken stop)
    {
        foreach (PageExtent extent in Extents(collections))
        {
            Stretch stretch = await free.ReadAsync(stop);
            Fill(stretch, extent);
            foreach (Channel<Stretch> lane in lanes)
            {
                lane.Writer.TryWrite(stretch);
            }
        }

        foreach (Channel<Stretch> lane in lanes)
        {
            lane.Writer.Complete();
        }
    }

    private async Task HandAsync(
        ChannelReader<Stretch> stretches, ChannelWriter<Stretch> free, int lane, IPageHandler handler, CancellationToken stop)
    {
        await foreach (Stretch stretch in stretches.ReadAllAsync(stop))
        {
            Hand(stretch, lane, handler);
            if (stretch.IsLastToLeave())
            {
                free.TryWrite(stretch);
            }
        }
    }

    // The extents from the last to the first, cut at the pages of the log.
    private IEnumerable<PageExtent> Extents(IReadOnlySet<uint> collections)
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

    private void Fill(Stretch stretch, PageExtent extent)
    {
        (long first, long last) = PageBlocks.Around(checkpoint, extent.From, extent.To);
        Memory<byte> bytes = stretch.Buffer.AsMemory(0, (int)(last - first));
        files.Read(first, bytes.Span);
        if (!PageBlocks.AreSound(checkpoint, first, bytes.Span))
        {
            throw new StorageCorruptionException(
                $"Checkpoint {checkpoint.Number} is damaged: a block of the page log has the wrong checksum.", first, 0);
        }

        if (!stretch.TryFind(extent, bytes[(int)(extent.From - first)..(int)(extent.To - first)]))
        {
            throw NotAPage(extent);
        }
    }

    // The bytes are sound, so what is in them is what was written.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Hand(Stretch stretch, int lane, IPageHandler handler)
    {
        ReadOnlySpan<byte> bytes = stretch.Bytes.Span;
        List<int> offsets = stretch.Offsets[lane];
        for (int i = offsets.Count - 1; i >= 0; i--)
        {
            if (!PageEnvelope.TryRead(
                    PageScan.Value(bytes, offsets[i]), PageScan.Key(bytes, offsets[i]), stretch.Extent.From + offsets[i], out Page page)
                || page.Key.Collection != stretch.Extent.Collection)
            {
                throw NotAPage(stretch.Extent);
            }

            handler.OnPage(page);
        }
    }

    private StorageCorruptionException NotAPage(PageExtent extent) =>
        new($"Checkpoint {checkpoint.Number} is damaged: the page log holds something that is not a page.", extent.From, 0);

    /// <summary>A part of an extent on its way from the file through all lanes.</summary>
    private sealed class Stretch(int pageBytes, int lanes)
    {
        private readonly List<int> _found = [];
        private int _inside;

        public byte[] Buffer { get; } = new byte[pageBytes];

        public PageExtent Extent { get; private set; }

        public ReadOnlyMemory<byte> Bytes { get; private set; }

        /// <summary>Of the records of each lane, in order.</summary>
        public List<int>[] Offsets { get; } = [.. Enumerable.Range(0, lanes).Select(static _ => new List<int>())];

        /// <summary>False where something is not a record.</summary>
        public bool TryFind(PageExtent extent, ReadOnlyMemory<byte> bytes)
        {
            (Extent, Bytes, _inside) = (extent, bytes, lanes);
            foreach (List<int> offsets in Offsets)
            {
                offsets.Clear();
            }

            _found.Clear();
            if (!PageScan.TryFind(bytes.Span, _found))
            {
                return false;
            }

            foreach (int offset in _found)
            {
                int kind = PageKey.Of(PageScan.Key(bytes.Span, offset)).Kind;
                Offsets[Math.Min(kind, lanes - 1)].Add(offset);
            }

            return true;
        }

        public bool IsLastToLeave() => Interlocked.Decrement(ref _inside) == 0;
    }
}
