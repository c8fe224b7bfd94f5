using System.Diagnostics;
using System.Numerics.Tensors;
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
internal sealed unsafe class GraphStore : IDisposable
{
    public const uint NoNode = uint.MaxValue;

    private const int CacheLine = 64;

    private readonly RowArena _vectors;
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

    public GraphStore(GraphParameters parameters)
    {
        Parameters = parameters;
        int elementBytes = parameters.UseHalves ? sizeof(Half) : sizeof(float);
        Length = RoundUp(parameters.Dimension, CacheLine / elementBytes);
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
        _vectors = new RowArena(RowStride((Length * elementBytes) + (HasScale ? sizeof(float) : 0)), parameters.MaxNodes);
        _links0 = new RowArena(RoundUp(MaxLinks0 * sizeof(uint), CacheLine), parameters.MaxNodes);
        _upperStart = new RowArena(sizeof(uint), parameters.MaxNodes);
        // Nodes have 1/(M-1) rows above layer 0 on average; half of MaxNodes is beyond any chance at M >= 4.
        _upperLinks = new RowArena(RoundUp(parameters.M * sizeof(uint), CacheLine), (parameters.MaxNodes / 2) + 64);
        _live = new RowArena(sizeof(ulong), (parameters.MaxNodes / 64) + 1);
    }

    public GraphParameters Parameters { get; }

    /// <summary>Elements of a row that the kernels read: the dimension rounded up to a cache line, the rest zero.</summary>
    public int Length { get; }

    /// <summary>Whether a float after the first <see cref="Length"/> elements of a row holds the inverse norm of the vector.</summary>
    public bool HasScale { get; }

    public int VectorBytes => _vectors.RowBytes;

    public int MaxLinks0 { get; }

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

    /// <summary>The row of a vector: floats or halves.</summary>
    public byte* Vector(uint ordinal) => _vectors.Row(ordinal);

    /// <summary>Codes of a row that the kernels read: the dimension rounded up to what they read at once.</summary>
    public int CodeLength { get; }

    /// <summary>The codes of a vector, where the graph is walked on codes.</summary>
    public byte* Code(uint ordinal) => _codes!.Row(ordinal);

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
            _vectors.EnsureRows(slot + 1);
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

    /// <summary>Writes the row and the codes of a vector; the buffer is used meanwhile.</summary>
    public void WriteVector(uint ordinal, ReadOnlySpan<float> vector, AlignedBuffer<float> buffer)
    {
        Debug.Assert(vector.Length == Parameters.Dimension, "The caller checks dimensions.");
        byte* row = Vector(ordinal);
        if (Parameters.UseHalves)
        {
            var halves = new Span<Half>(row, Length);
            TensorPrimitives.ConvertToHalf(vector, halves);
            halves[vector.Length..].Clear();
            // The norm and the codes are those of what is kept, which is all that whoever reads the point back has.
            buffer.EnsureLength(CodeLength + vector.Length);
            var kept = new Span<float>(buffer.Pointer + CodeLength, vector.Length);
            CopyVector(ordinal, kept);
            vector = kept;
            if (HasScale)
            {
                *(float*)((Half*)row + Length) = InverseNorm.Of(vector);
            }
        }
        else
        {
            LoadQuery(vector, (float*)row);
        }

        switch (Parameters.Codes)
        {
            case CodeKind.Int8:
                CodeKernel.Encode(vector, Parameters.Distance, Code(ordinal), CodeLength);
                break;
            case CodeKind.Int4:
                // As long already where the vector lies behind it.
                buffer.EnsureLength(CodeLength);
                LoadRotated(vector, buffer.Pointer);
                NibbleKernel.Encode(new ReadOnlySpan<float>(buffer.Pointer, CodeLength), Code(ordinal));
                break;
        }
    }

    /// <summary>Lays a vector out as codes of 4 bits are made of it: of length 1 under the cosine, padded with zeros, and rotated.</summary>
    public void LoadRotated(ReadOnlySpan<float> vector, float* rotated)
    {
        var target = new Span<float>(rotated, CodeLength);
        if (HasScale)
        {
            TensorPrimitives.Multiply(vector, InverseNorm.Of(vector), target);
        }
        else
        {
            vector.CopyTo(target);
        }

        target[vector.Length..].Clear();
        _rotation!.Apply(rotated);
    }

    /// <summary>
    /// Lays a vector out as the query of the kernels, which is also a row of floats: padded with zeros, followed by its inverse
    /// norm where the distance needs it.
    /// </summary>
    public void LoadQuery(ReadOnlySpan<float> vector, float* query)
    {
        var target = new Span<float>(query, Length);
        vector.CopyTo(target);
        target[vector.Length..].Clear();
        if (HasScale)
        {
            query[Length] = InverseNorm.Of(vector);
        }
    }

    /// <summary>The vector of an ordinal as floats.</summary>
    public void CopyVector(uint ordinal, Span<float> vector)
    {
        byte* row = Vector(ordinal);
        if (Parameters.UseHalves)
        {
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(row, vector.Length), vector);
        }
        else
        {
            new ReadOnlySpan<float>(row, vector.Length).CopyTo(vector);
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

    /// <summary>Bytes of a vector as it is kept, without padding.</summary>
    public int KeptBytes => Parameters.Dimension * (Parameters.UseHalves ? sizeof(Half) : sizeof(float));

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

    public long VectorMemoryBytes => _vectors.CommittedBytes;

    public long CodeMemoryBytes => _codes?.CommittedBytes ?? 0;

    public long LinkMemoryBytes =>
        _links0.CommittedBytes + _upperStart.CommittedBytes + _upperLinks.CommittedBytes + _live.CommittedBytes;

    public void Dispose()
    {
        _vectors.Dispose();
        _codes?.Dispose();
        _links0.Dispose();
        _upperStart.Dispose();
        _upperLinks.Dispose();
        _live.Dispose();
    }

    private ulong* LiveWord(uint ordinal) => (ulong*)_live.Row(ordinal >> 6);

    private static int RowStride(int bytes)
    {
        int stride = RoundUp(bytes, CacheLine);
        // Rows a multiple of 4 KiB apart fall into the same cache sets; one line of skew spreads them.
        return stride % 4096 == 0 ? stride + CacheLine : stride;
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
