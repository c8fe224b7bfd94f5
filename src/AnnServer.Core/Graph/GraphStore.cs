using System.Diagnostics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>
/// The memory of a graph: vectors and links by ordinal, all native. Readers take no lock. Writers follow three rules, under the
/// commit lock of the caller: a vector is written before any link to it, a node's own rows before the links of others to it,
/// and a slot is given to another vector only after every link to it is gone and every reader that could have seen one has left.
/// A row is a list of ordinals ended by <see cref="NoNode"/> or by its capacity. Each ordinal is one aligned word, so a reader
/// sees each whole; it may see any mix of old and new ones, and any mix is a legal list.
/// </summary>
internal sealed unsafe partial class GraphStore : IDisposable
{
    public const uint NoNode = uint.MaxValue;

    // Null where they are movable.
    private readonly RowArena? _vectors;
    // Null where the graph is walked on the vectors themselves.
    private readonly RowArena? _codes;
    // Null but for codes of 4 bits.
    private readonly Rotation? _rotation;
    private readonly RowArena _links0;
    private readonly RowArena _upperStart;
    private readonly RowArena _upperLinks;
    private readonly RowArena _live;
    private readonly LayerAssignment _layers;
    private uint _upperRows;
    private long _entry = -1;
    private uint _slotCount;
    private int _hiddenCount;

    /// <param name="disk">Where the vectors are kept if not in memory, which needs codes to walk on.</param>
    public GraphStore(GraphParameters parameters, VectorsOnDisk? disk = null)
    {
        if (disk is not null && parameters.Codes == CodeKind.None)
        {
            throw new ArgumentException("A graph that is walked on its vectors keeps them in memory.", nameof(disk));
        }

        Parameters = parameters;
        int elementBytes = parameters.UseHalves ? sizeof(Half) : sizeof(float);
        Length = RoundUp(parameters.Dimension, CacheLine.Bytes / elementBytes);
        HasScale = parameters.Distance == DistanceKind.NegativeCosine;
        switch (parameters.Codes)
        {
            case CodeKind.Int8:
                CodeLength = RoundUp(parameters.Dimension, CodeKernel.Granularity);
                _codes = new RowArena(RowStride(CodeLength), parameters.MaxNodes);
                break;
            case CodeKind.Int4:
                CodeLength = RoundUp(parameters.Dimension, NibbleKernel.Granularity);
                _codes = new RowArena(RowStride(NibbleKernel.RowBytes(CodeLength)), parameters.MaxNodes);
                _rotation = new Rotation(CodeLength, parameters.Seed);
                break;
        }

        MaxLinks0 = parameters.MaxLinks0;
        _layers = new LayerAssignment(parameters.M, parameters.Seed);
        VectorBytes = RowStride((Length * elementBytes) + (HasScale ? sizeof(float) : 0));
        if (disk is null)
        {
            _vectors = new RowArena(VectorBytes, parameters.MaxNodes);
        }
        else
        {
            Movable = new MovableRows(disk, VectorBytes, parameters.MaxNodes);
        }

        _links0 = new RowArena(RoundUp(MaxLinks0 * sizeof(uint), CacheLine.Bytes), parameters.MaxNodes);
        _upperStart = new RowArena(sizeof(uint), parameters.MaxNodes);
        // Nodes have 1/(M-1) rows above layer 0 on average; half of MaxNodes is beyond any chance at M >= 4.
        _upperLinks = new RowArena(RoundUp(parameters.M * sizeof(uint), CacheLine.Bytes), (parameters.MaxNodes / 2) + 64);
        _live = new RowArena(sizeof(ulong), (parameters.MaxNodes / 64) + 1);
    }

    public GraphParameters Parameters { get; }

    public int MaxLinks0 { get; }

    /// <summary>
    /// The least that a distance can be, from where it is the square of a length, or half of one; under the inner product there is none.
    /// </summary>
    public float Origin => Parameters.Distance == DistanceKind.NegativeCosine ? -1 : 0;

    /// <summary>Slots handed out so far; ordinals are below it.</summary>
    public uint SlotCount => Volatile.Read(ref _slotCount);

    /// <summary>The node where searches start, and its top layer; false in an empty graph.</summary>
    public bool TryGetEntry(out uint ordinal, out int layer)
    {
        long entry = Volatile.Read(ref _entry);
        ordinal = (uint)entry;
        layer = (int)(entry >> 32);
        return entry >= 0;
    }

    public void SetEntry(uint ordinal) => Volatile.Write(ref _entry, ((long)TopLayer(ordinal) << 32) | ordinal);

    public void ClearEntry() => Volatile.Write(ref _entry, -1);

    public int TopLayer(uint ordinal) => _layers.TopLayer(ordinal);

    /// <summary>The links of a node on a layer that it reaches.</summary>
    public uint* Links(uint ordinal, int layer)
    {
        if (layer == 0)
        {
            return (uint*)_links0.Row(ordinal);
        }

        Debug.Assert(layer <= TopLayer(ordinal), "The node has no row on the layer.");
        uint start = *(uint*)_upperStart.Row(ordinal);
        return (uint*)_upperLinks.Row(start + (uint)layer - 1);
    }

    /// <summary>Makes a slot usable, with empty rows. One thread at a time.</summary>
    public void EnsureSlot(uint ordinal)
    {
        for (uint slot = _slotCount; slot <= ordinal; slot++)
        {
            _vectors?.EnsureRows(slot + 1);
            Movable?.EnsureSlot(slot);
            _codes?.EnsureRows(slot + 1);
            _links0.EnsureRows(slot + 1);
            _upperStart.EnsureRows(slot + 1);
            _live.EnsureRows((slot >> 6) + 1);
            int top = TopLayer(slot);
            _upperLinks.EnsureRows(_upperRows + (uint)top);
            *(uint*)_upperStart.Row(slot) = _upperRows;
            _upperRows += (uint)top;
            ClearRows(slot);
            Volatile.Write(ref _slotCount, slot + 1);
        }
    }

    public void ClearRows(uint ordinal)
    {
        for (int layer = TopLayer(ordinal); layer >= 0; layer--)
        {
            WriteLinks(ordinal, layer, []);
        }
    }

    /// <summary>Told of a node before any of its rows is written by a change. Under the commit lock.</summary>
    public Action<uint>? RowsChanging { get; set; }

    /// <summary>Replaces a row as part of a change. Under the commit lock.</summary>
    public void ChangeLinks(uint ordinal, int layer, ReadOnlySpan<uint> links)
    {
        RowsChanging?.Invoke(ordinal);
        WriteLinks(ordinal, layer, links);
    }

    /// <summary>Bytes of the rows of a node on all its layers.</summary>
    public int RowsBytes(uint ordinal) => (MaxLinks0 + (TopLayer(ordinal) * Parameters.M)) * sizeof(uint);

    /// <summary>Copies the rows of a node, from layer 0 up, each with its capacity. Under the commit lock.</summary>
    public void CopyRows(uint ordinal, Span<byte> rows)
    {
        for (int layer = 0; layer <= TopLayer(ordinal); layer++)
        {
            int bytes = Parameters.MaxLinks(layer) * sizeof(uint);
            new ReadOnlySpan<byte>(Links(ordinal, layer), bytes).CopyTo(rows);
            rows = rows[bytes..];
        }
    }

    /// <summary>Replaces a row. Words are written in order, each at once, so a concurrent reader sees a legal mix.</summary>
    public void WriteLinks(uint ordinal, int layer, ReadOnlySpan<uint> links)
    {
        uint* row = Links(ordinal, layer);
        int capacity = Parameters.MaxLinks(layer);
        Debug.Assert(links.Length <= capacity, "The caller keeps within the capacity.");
        for (int i = 0; i < links.Length; i++)
        {
            Volatile.Write(ref row[i], links[i]);
        }

        for (int i = links.Length; i < capacity; i++)
        {
            Volatile.Write(ref row[i], NoNode);
        }
    }

    /// <summary>Copies the links of a row, each read once, so that the copy is a legal list whatever is written meanwhile.</summary>
    public void CopyLinks(uint ordinal, int layer, List<uint> links)
    {
        links.Clear();
        uint* row = Links(ordinal, layer);
        int capacity = Parameters.MaxLinks(layer);
        for (int i = 0; i < capacity; i++)
        {
            uint link = Volatile.Read(ref row[i]);
            if (link == NoNode)
            {
                break;
            }

            links.Add(link);
        }
    }

    /// <summary>
    /// The links of a row as they are now. Under the commit lock; without it the words change while the list is read, and
    /// <see cref="NoNode"/> may turn up within it.
    /// </summary>
    public ReadOnlySpan<uint> ReadLinks(uint ordinal, int layer)
    {
        return Used(new ReadOnlySpan<uint>(Links(ordinal, layer), Parameters.MaxLinks(layer)));
    }

    /// <summary>The links of a row, without what is behind their end.</summary>
    public static ReadOnlySpan<uint> Used(ReadOnlySpan<uint> row)
    {
        int end = row.IndexOf(NoNode);
        return end < 0 ? row : row[..end];
    }

    /// <summary>Whether a row names a node. Where the row ends does not matter: behind its end is nothing but <see cref="NoNode"/>.</summary>
    public bool HasLink(uint ordinal, int layer, uint node) =>
        new ReadOnlySpan<uint>(Links(ordinal, layer), Parameters.MaxLinks(layer)).Contains(node);

    public bool IsLive(uint ordinal) => (Volatile.Read(ref *LiveWord(ordinal)) >> (int)(ordinal & 63) & 1) != 0;

    /// <summary>Lets a point be found, or hides it. Under the commit lock.</summary>
    public void SetLive(uint ordinal, bool live)
    {
        ulong bit = 1UL << (int)(ordinal & 63);
        ulong* word = LiveWord(ordinal);
        if (((*word & bit) != 0) == live)
        {
            return;
        }

        if (!live)
        {
            // Before the bit: a search that does not look at bits must have seen no hidden point when it began.
            Volatile.Write(ref _hiddenCount, _hiddenCount + 1);
        }

        Volatile.Write(ref *word, *word ^ bit);
        LiveCount += live ? 1 : -1;
        if (LiveCount == 0)
        {
            // What is left cannot be found, and new nodes must not lead to it: the graph starts afresh.
            ClearEntry();
        }
    }

    /// <summary>One bit for each slot, set while its point can be found.</summary>
    public OrdinalWords Live => new((ulong*)_live.Base, (int)((SlotCount + 63L) >> 6));

    public int LiveCount { get; private set; }

    /// <summary>Slots that held a point once, are hidden, and are not yet free for another.</summary>
    public int HiddenCount => Volatile.Read(ref _hiddenCount);

    /// <summary>Forgets hidden slots that nothing links to any more. Under the commit lock.</summary>
    public void ForgetHidden(int count) => Volatile.Write(ref _hiddenCount, _hiddenCount - count);

    public long VectorMemoryBytes => _vectors?.CommittedBytes ?? Movable!.CommittedBytes;

    public long CodeMemoryBytes => _codes?.CommittedBytes ?? 0;

    public long LinkMemoryBytes =>
        _links0.CommittedBytes + _upperStart.CommittedBytes + _upperLinks.CommittedBytes + _live.CommittedBytes;

    public void Dispose()
    {
        _vectors?.Dispose();
        Movable?.Dispose();
        _codes?.Dispose();
        _links0.Dispose();
        _upperStart.Dispose();
        _upperLinks.Dispose();
        _live.Dispose();
    }

    private ulong* LiveWord(uint ordinal) => (ulong*)_live.Row(ordinal >> 6);

    private static int RowStride(int bytes)
    {
        int stride = RoundUp(bytes, CacheLine.Bytes);
        // Rows a multiple of 4 KiB apart fall into the same cache sets; one line of skew spreads them.
        return stride % 4096 == 0 ? stride + CacheLine.Bytes : stride;
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
