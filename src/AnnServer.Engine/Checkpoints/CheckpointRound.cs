using System.Diagnostics;
using System.Runtime.InteropServices;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Storage;
using AnnServer.Storage.Pages;

namespace AnnServer.Engine.Checkpoints;

/// <summary>Writes one checkpoint while everybody else goes on: the pages that have changed since the last, or all.</summary>
internal sealed class CheckpointRound(OperationLog log, PageStore store, ScratchPool scratches)
{
    private const int VectorsMovedAtOnce = 1024;

    // Half a processor. A lower priority would not do: a thread that is kept from running while it holds a commit lock keeps others too.
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(2);

    private readonly List<CollectionSnapshot> _snapshots = [];
    private readonly List<uint> _gone = [];
    private readonly List<(CollectionData Data, List<(uint Slot, long Address)> Vectors)> _moving = [];
    private readonly List<(CollectionData Data, List<uint> Rows)> _moved = [];
    private long _pages;
    private PageBatch _batch = new();

    /// <summary>Pages written so far; read by any thread.</summary>
    public long Pages => Volatile.Read(ref _pages);

    public long Bytes { get; private set; }

    /// <summary>Why what is out of date has to stay after all, where everything should have been written anew: a vector on disk cannot be read.</summary>
    public IOException? Unreadable { get; private set; }

    /// <summary>Memory of vectors that the checkpoint has, to be given back when the readers of now have left.</summary>
    public IReadOnlyList<(CollectionData Data, List<uint> Rows)> Moved => _moved;

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
        Checkpoint checkpoint = store.CommitAsync(source.At, catalog, source.Everything && Unreadable is null).GetAwaiter().GetResult();
        _moving.ForEach(moving => MoveVectors(moving.Data, moving.Vectors));
        return checkpoint;
    }

    // False where the collection was dropped meanwhile.
    private bool TryWritePages(CollectionData data, ulong lsn, CancellationToken stopping)
    {
        long resumed = Stopwatch.GetTimestamp();
        List<(uint Slot, long Address)>? vectors = data.Index.KeepsVectorsOnDisk ? [] : null;
        do
        {
            stopping.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(resumed) >= Work)
            {
                stopping.WaitHandle.WaitOne(Rest);
                resumed = Stopwatch.GetTimestamp();
            }

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
                    data.Pages.Take(ref _batch);
                }
            }

            Unreadable = _batch.ReadVectors(data) ?? Unreadable;
            for (int i = 0; i < _batch.Count; i++)
            {
                if (!_batch.IsReadable(i))
                {
                    // The image that cannot be read stays the newest of its page.
                    continue;
                }

                ReadOnlySpan<byte> image = _batch.Page(i, out PageKind kind, out uint slot);
                long address = store.Write(new PageKey(data.Number, (byte)kind, slot), lsn, image);
                Bytes += image.Length;
                if (kind == PageKind.Vector)
                {
                    vectors?.Add((slot, address));
                }
            }

            Volatile.Write(ref _pages, _pages + _batch.Count);
        }
        while (_batch.Count > 0);

        if (vectors is { Count: > 0 })
        {
            _moving.Add((data, vectors));
        }

        return true;
    }

    // Out of memory goes what the checkpoint has.
    private void MoveVectors(CollectionData data, List<(uint Slot, long Address)> vectors)
    {
        for (int from = 0; from < vectors.Count; from += VectorsMovedAtOnce)
        {
            using ScratchPool.Scope scope = scratches.Rent();
            if (data.IsDropped)
            {
                return;
            }

            lock (data.CommitLock)
            {
                Move(data, CollectionsMarshal.AsSpan(vectors)[from..Math.Min(from + VectorsMovedAtOnce, vectors.Count)]);
            }
        }

        _moved.Add((data, data.Index.TakeMoved()));
    }

    // Neither what has been replaced since nor a slot that may be about to get another vector.
    private static void Move(CollectionData data, ReadOnlySpan<(uint Slot, long Address)> vectors)
    {
        foreach ((uint slot, long address) in vectors)
        {
            if (data.StateOf(slot) != SlotState.Free && !data.Pages.HasChanged(PageKind.Vector, slot))
            {
                data.Index.MoveOut(slot, address);
            }
        }
    }
}
