using System.Diagnostics;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Search;

/// <summary>
/// The nodes one search has met: a bit for each ordinal, 25 KB for 200,000 nodes, and the list of bits set, so that clearing
/// touches what the search touched. The tail of the list doubles as the batch of nodes met in the current hop.
/// </summary>
internal sealed unsafe class VisitedSet
{
    private const int InitialMet = 4096;

    private readonly AlignedBuffer<ulong> _bits = new();
    private readonly AlignedBuffer<uint> _met = new();
    private int _words;

    public int Count { get; private set; }

    /// <summary>Ordinals at and above it are never added.</summary>
    public uint Limit { get; private set; }

    /// <summary>The ordinals met, in the order they were.</summary>
    public uint* Met => _met.Pointer;

    public void Reset(uint limit)
    {
        Clear();
        Limit = limit;
        _words = (int)((limit + 63L) >> 6);
        _bits.EnsureLength(_words);
        _met.EnsureLength(InitialMet);
    }

    /// <summary>Makes room in the list for the nodes of one hop; <see cref="Met"/> may move.</summary>
    public void ReserveBatch(int nodes)
    {
        if (Count + nodes > _met.Length)
        {
            _met.Grow(Count + nodes, Count);
        }
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
        _met.Pointer[Count++] = ordinal;
        return true;
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
