using System.Runtime.InteropServices;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <content>What puts an index together again: from the pages of a checkpoint, then from the records after it.</content>
public abstract unsafe partial class VectorIndex
{
    // There is no scratch yet.
    private readonly AlignedBuffer<float> _loaded = new();
    private readonly AlignedBuffer<byte> _row = new();

    /// <summary>
    /// Makes slots for an index that is loaded, before it is used. Then <see cref="LoadKept"/>, <see cref="TryLoadRows"/> and
    /// <see cref="LoadLive"/> are called, each by one thread, all at the same time; <see cref="LoadEntry"/> comes last.
    /// </summary>
    public void LoadSlots(uint count)
    {
        if (count > 0)
        {
            EnsureSlot(count - 1);
        }
    }

    /// <summary>Loads the bytes that a vector is kept in.</summary>
    /// <param name="place">Where it is outside; of no matter where vectors are in memory.</param>
    public void LoadKept(uint ordinal, ReadOnlySpan<byte> vector, long place)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(vector.Length, Store.KeptBytes);
        if (Store.Movable is null)
        {
            Store.WriteCodes(ordinal, Store.LoadRow(Store.Vector(ordinal), vector, _loaded), _loaded);
            return;
        }

        _row.EnsureLength(Store.VectorBytes);
        Store.WriteCodes(ordinal, Store.LoadRow(_row.Pointer, vector, _loaded), _loaded);
        Store.Movable.Move(ordinal, place);
    }

    /// <summary>Loads what <see cref="CopyRows"/> has copied. False where a link leads to no slot, or to none on its layer.</summary>
    public bool TryLoadRows(uint ordinal, ReadOnlySpan<byte> rows)
    {
        ReadOnlySpan<uint> links = MemoryMarshal.Cast<byte, uint>(rows);
        if (rows.Length != Store.RowsBytes(ordinal))
        {
            return false;
        }

        for (int layer = 0; layer <= Store.TopLayer(ordinal); layer++)
        {
            ReadOnlySpan<uint> row = links[..Parameters.MaxLinks(layer)];
            ReadOnlySpan<uint> used = GraphStore.Used(row);
            foreach (uint link in used)
            {
                if (!IsValidLink(link, layer))
                {
                    return false;
                }
            }

            Store.WriteLinks(ordinal, layer, used);
            links = links[row.Length..];
        }

        return true;
    }

    /// <summary>Makes the point of a loaded slot one that can be found.</summary>
    public void LoadLive(uint ordinal) => Store.SetLive(ordinal, true);

    /// <summary>Sets the node where searches start.</summary>
    public void LoadEntry(uint ordinal) => Store.SetEntry(ordinal);

    /// <summary>Replays an insert: the slot, its vector, and the point's being live. One thread, before the index is used.</summary>
    public void RestoreNode(uint ordinal, ReadOnlySpan<float> vector)
    {
        EnsureSlot(ordinal);
        // A slot that is used again must not keep rows that the insert does not write.
        Store.ClearRows(ordinal);
        Store.WriteVector(ordinal, vector, _loaded);
        Store.SetLive(ordinal, true);
    }

    /// <summary>Replays the entry rule of an insert, after its rows. One thread, before the index is used.</summary>
    public void RestoreEntry(uint ordinal)
    {
        if (!Store.TryGetEntry(out _, out int layer) || Store.TopLayer(ordinal) > layer)
        {
            Store.SetEntry(ordinal);
        }
    }

    /// <summary>Whether a row can exist, for checking what a log says before it is replayed.</summary>
    public bool IsValidRow(RowKey row, int links) =>
        row.Ordinal < Store.SlotCount && row.Layer >= 0 && row.Layer <= Store.TopLayer(row.Ordinal) && links <= Parameters.MaxLinks(row.Layer);

    /// <summary>Whether a row of a layer can name a node: a search there reads that node's row on the layer.</summary>
    public bool IsValidLink(uint link, int layer) => link < Store.SlotCount && (layer == 0 || Store.TopLayer(link) >= layer);

    /// <summary>Replays a row. One thread, before the index is used.</summary>
    public void RestoreLinks(RowKey row, ReadOnlySpan<uint> links) => Store.ChangeLinks(row.Ordinal, row.Layer, links);

    /// <summary>Ends a replay: slots that are neither live nor in <paramref name="hidden"/> become free.</summary>
    public void CompleteRestore(IReadOnlySet<uint> hidden)
    {
        var free = new List<uint>();
        for (uint ordinal = 0; ordinal < Store.SlotCount; ordinal++)
        {
            if (!Store.IsLive(ordinal) && !hidden.Contains(ordinal))
            {
                Store.ClearRows(ordinal);
                Store.Movable?.Release(ordinal);
                free.Add(ordinal);
            }
        }

        _slots.Restore(Store.SlotCount, CollectionsMarshal.AsSpan(free));
    }
}
