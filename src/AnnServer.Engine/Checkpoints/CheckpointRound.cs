using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Storage;
using AnnServer.Storage.Pages;

namespace AnnServer.Engine.Checkpoints;

/// <summary>Writes one checkpoint while everybody else goes on: the pages that have changed since the last, or all.</summary>
internal sealed class CheckpointRound(OperationLog log, PageStore store, ScratchPool scratches)
{
    // Pages that are copied under the commit lock at once: some tens of microseconds.
    private const int PagesAtOnce = 64;

    private readonly List<CollectionSnapshot> _snapshots = [];
    private readonly List<uint> _gone = [];
    private PageBatch _batch = new();

    /// <summary>Pages written.</summary>
    public long Pages { get; private set; }

    public long Bytes { get; private set; }

    public Checkpoint Write(CheckpointSource source, CancellationToken stopping)
    {
        foreach ((CollectionData data, CollectionSnapshot snapshot) in source.Collections)
        {
            if (TryWritePages(data, source.At.Lsn, stopping))
            {
                _snapshots.Add(snapshot);
            }
            else
            {
                _gone.Add(data.Number);
            }
        }

        // What the pages hold must be in the log before they can count: a record that is lost must not have left a trace.
        log.WaitDurableAsync(source.At.Lsn, stopping).AsTask().GetAwaiter().GetResult();
        byte[] catalog = new CheckpointCatalog(source.LastNumber, _snapshots, _gone).Encode();
        return store.CommitAsync(source.At, catalog, source.Everything).GetAwaiter().GetResult();
    }

    // False where the collection was dropped meanwhile.
    private bool TryWritePages(CollectionData data, ulong lsn, CancellationToken stopping)
    {
        do
        {
            stopping.ThrowIfCancellationRequested();
            _batch.Clear();

            // For a batch at a time: slots are not freed while a scratch is rented.
            using (scratches.Rent())
            {
                if (data.IsDropped)
                {
                    return false;
                }

                lock (data.CommitLock)
                {
                    data.Pages.Take(ref _batch, PagesAtOnce);
                }
            }

            for (int i = 0; i < _batch.Count; i++)
            {
                ReadOnlySpan<byte> image = _batch.Page(i, out PageKind kind, out uint slot);
                store.Write(new PageKey(data.Number, (byte)kind, slot), lsn, image);
                Bytes += image.Length;
            }

            Pages += _batch.Count;
        }
        while (_batch.Count > 0);

        return true;
    }
}
