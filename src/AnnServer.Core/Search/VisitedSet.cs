using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Filtering;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Search;

/// <summary>
/// The nodes one search has met: a bit for each ordinal, 25 KB for 200,000 nodes, and the list of bits set, so that clearing
/// touches what the search touched. The tail of the list doubles as the batch of nodes met in the current hop.
/// </summary>
internal sealed unsafe class VisitedSet
{
    private const int InitialMet = 4096;
    private const int LinksPerLine = 64 / sizeof(uint);

    private readonly AlignedBuffer<ulong> _bits = new();
    private readonly AlignedBuffer<uint> _met = new();
    private int _words;

    public int Count { get; private set; }

    /// <summary>Ordinals at and above it are never added.</summary>
    public uint Limit { get; private set; }

    /// <summary>The ordinals met, in the order they were.</summary>
    public uint* Met => _met.Pointer;

    /// <summary>Empties the set, but for a node that counts as met.</summary>
    public void Reset(uint limit, uint? heldOut = null)
    {
        Clear();
        Limit = limit;
        _words = (int)((limit + 63L) >> 6);
        _bits.EnsureLength(_words);
        _met.EnsureLength(InitialMet);
        if (heldOut < limit)
        {
            TryAdd(heldOut.Value);
        }
    }

    /// <summary>
    /// Adds the ordinals of a row of links that were not met before, in the order of the row; <see cref="Met"/> may move.
    /// The row is as long as <paramref name="capacity"/> rounded up to a cache line, and what is in it beyond the capacity or
    /// not below <see cref="Limit"/> is passed over: ends of lists, and nodes linked after the search began.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddRow(uint* row, int capacity)
    {
        Reserve(capacity + LinksPerLine);
        uint* found = _met.Pointer + Count;
        Add(found, Avx512F.IsSupported ? FilterWide(row, capacity, found) : Filter(row, capacity, found));
    }

    /// <summary>As above, of those only that are in a set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddRow(uint* row, int capacity, OrdinalWords accept)
    {
        if (accept.WordCount == 0)
        {
            return;
        }

        Reserve(capacity + LinksPerLine);
        uint* found = _met.Pointer + Count;
        Add(found, Avx512F.IsSupported ? FilterWide(row, capacity, accept, found) : Filter(row, capacity, accept, found));
    }

    public bool TryAdd(uint ordinal)
    {
        Debug.Assert(ordinal < Limit, "The caller skips ordinals beyond the limit.");
        ulong* word = _bits.Pointer + (ordinal >> 6);
        ulong bit = 1UL << (int)(ordinal & 63);
        ulong old = *word;
        if ((old & bit) != 0)
        {
            return false;
        }

        *word = old | bit;
        Reserve(1);
        _met.Pointer[Count++] = ordinal;
        return true;
    }

    // Again one by one: a row that is being written can name a node twice.
    private void Add(uint* found, int candidates)
    {
        ulong* bits = _bits.Pointer;
        int added = 0;
        for (int i = 0; i < candidates; i++)
        {
            uint ordinal = found[i];
            ulong* word = bits + (ordinal >> 6);
            ulong old = *word;
            int shift = (int)(ordinal & 63);
            *word = old | (1UL << shift);
            found[added] = ordinal;
            added += (int)(~old >> shift & 1);
        }

        Count += added;
    }

    private void Reserve(int nodes)
    {
        if (Count + nodes > _met.Length)
        {
            _met.Grow(Count + nodes, Count);
        }
    }

    /// <summary>
    /// Copies what may be new of a row, sixteen links at a time. Two in three links lead to nodes met before, in no order that a
    /// branch predictor could learn: without branches a walk at ef 128 takes a fifth less time.
    /// </summary>
    private int FilterWide(uint* row, int capacity, uint* found)
    {
        var met = new OrdinalWords(_bits.Pointer, _words);
        var limit = Vector512.Create(Limit);
        int count = 0;
        for (int i = 0; i < capacity; i += LinksPerLine)
        {
            Vector512<uint> ordinals = Vector512.Load(row + i);
            Vector512<uint> valid = Vector512.LessThan(ordinals, limit)
                & Vector512.LessThan(Vector512<uint>.Indices, Vector512.Create((uint)(capacity - i)));
            Vector512<uint> isNew = Vector512.Equals(met.Bits(ordinals & valid), Vector512<uint>.Zero) & valid;
            Avx512F.Compress(Vector512<uint>.Zero, isNew, ordinals).Store(found + count);
            count += BitOperations.PopCount(isNew.ExtractMostSignificantBits());
        }

        return count;
    }

    private int FilterWide(uint* row, int capacity, OrdinalWords accept, uint* found)
    {
        var met = new OrdinalWords(_bits.Pointer, _words);
        var limit = Vector512.Create(Math.Min(Limit, (uint)accept.WordCount << 6));
        int count = 0;
        for (int i = 0; i < capacity; i += LinksPerLine)
        {
            Vector512<uint> ordinals = Vector512.Load(row + i);
            Vector512<uint> valid = Vector512.LessThan(ordinals, limit)
                & Vector512.LessThan(Vector512<uint>.Indices, Vector512.Create((uint)(capacity - i)));
            Vector512<uint> rejected = Vector512.Equals(accept.Bits(ordinals & valid), Vector512<uint>.Zero);
            Vector512<uint> isNew = Vector512.Equals(met.Bits(ordinals & valid), Vector512<uint>.Zero) & valid & ~rejected;
            Avx512F.Compress(Vector512<uint>.Zero, isNew, ordinals).Store(found + count);
            count += BitOperations.PopCount(isNew.ExtractMostSignificantBits());
        }

        return count;
    }

    private int Filter(uint* row, int capacity, uint* found)
    {
        int count = 0;
        for (int i = 0; i < capacity; i++)
        {
            if (row[i] < Limit)
            {
                found[count++] = row[i];
            }
        }

        return count;
    }

    private int Filter(uint* row, int capacity, OrdinalWords accept, uint* found)
    {
        int count = 0;
        for (int i = 0; i < capacity; i++)
        {
            if (row[i] < Limit && accept.Contains(row[i]))
            {
                found[count++] = row[i];
            }
        }

        return count;
    }

    private void Clear()
    {
        if (Count > _words / 4)
        {
            new Span<ulong>(_bits.Pointer, _words).Clear();
        }
        else
        {
            for (int i = 0; i < Count; i++)
            {
                _bits.Pointer[_met.Pointer[i] >> 6] = 0;
            }
        }

        Count = 0;
    }
}
