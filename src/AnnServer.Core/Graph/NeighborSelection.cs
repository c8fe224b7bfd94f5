using System.Runtime.InteropServices;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// The diversity heuristic (Malkov &amp; Yashunin, arXiv 1603.09320, algorithm 4): of the candidates in order of distance, one is
/// kept if it is not nearer to a neighbour kept before than to the base, so that links point in different directions. The paper
/// drops it at equal distances too; here it stays, since equal vectors would else have one link each. Candidates are not extended
/// and pruned ones are not kept. Holds scratch; owned by one thread.
/// </summary>
internal sealed unsafe class NeighborSelection
{
    private readonly List<Candidate> _candidates = [];
    private readonly List<Candidate> _kept = [];
    private readonly AlignedBuffer<uint> _nodes = new();
    private readonly AlignedBuffer<float> _distances = new();
    private readonly AlignedBuffer<byte> _query = new();

    public NeighborSelection()
    {
        _nodes.EnsureLength(GraphParameters.MaxM * 8);
        _distances.EnsureLength(GraphParameters.MaxM * 8);
    }

    /// <summary>The candidates of the next selection; the caller fills it.</summary>
    public List<Candidate> Candidates => _candidates;

    /// <summary>What the last selection kept, nearest first.</summary>
    public List<Candidate> Kept => _kept;

    /// <summary>Selects at most <paramref name="count"/> of <see cref="Candidates"/>, which must be in order of distance.</summary>
    public void Select<TRows>(GraphStore store, int count)
        where TRows : struct, IRowSpace
    {
        _kept.Clear();
        AddDiverse<TRows>(store, count);
    }

    /// <summary>Adds to <see cref="Kept"/> the candidates that are diverse to all in it, until it holds <paramref name="count"/>.</summary>
    public void AddDiverse<TRows>(GraphStore store, int count)
        where TRows : struct, IRowSpace
    {
        uint* kept = _nodes.Pointer;
        for (int i = 0; i < _kept.Count; i++)
        {
            kept[i] = _kept[i].Ordinal;
        }

        foreach (Candidate candidate in CollectionsMarshal.AsSpan(_candidates))
        {
            if (_kept.Count >= count)
            {
                break;
            }

            if (IsDiverse<TRows>(store, candidate, kept, _kept.Count))
            {
                kept[_kept.Count] = candidate.Ordinal;
                _kept.Add(candidate);
            }
        }
    }

    /// <summary>
    /// The row of <paramref name="owner"/> once <paramref name="added"/> is linked from it: appended where there is room, chosen
    /// by the heuristic among all of them where there is none. A node is dropped only while a kept one links to it, as far as
    /// the row has room: so whatever the owner led to, it still does, and inserts leave no node that nothing reaches.
    /// </summary>
    public void Extend<TRows>(GraphStore store, uint owner, int layer, ReadOnlySpan<uint> before, uint added, List<uint> after)
        where TRows : struct, IRowSpace
    {
        after.Clear();
        int capacity = store.Parameters.MaxLinks(layer);
        if (before.Length < capacity)
        {
            after.AddRange(before);
            after.Add(added);
            return;
        }

        uint* nodes = _nodes.Pointer;
        before.CopyTo(new Span<uint>(nodes, before.Length));
        nodes[before.Length] = added;
        LoadCandidates<TRows>(store, owner, before.Length + 1);
        FavorAmongEquals(added);
        Select<TRows>(store, capacity);
        KeepReachable(store, layer, capacity);
        foreach (Candidate neighbor in _kept)
        {
            after.Add(neighbor.Ordinal);
        }
    }

    /// <summary>
    /// The row of <paramref name="owner"/> without its hidden members: each is replaced by the nearest diverse node among the
    /// neighbours of the hidden ones, so that what was reached through them still is (as FreshDiskANN, arXiv 2105.09613,
    /// section 5.2, but links that stand are kept).
    /// </summary>
    public void Repair<TRows>(GraphStore store, uint owner, int layer, ReadOnlySpan<uint> before, List<uint> after)
        where TRows : struct, IRowSpace
    {
        uint* nodes = _nodes.Pointer;
        int standing = 0;
        foreach (uint neighbor in before)
        {
            if (store.IsLive(neighbor))
            {
                nodes[standing++] = neighbor;
            }
        }

        LoadCandidates<TRows>(store, owner, standing);
        _kept.Clear();
        _kept.AddRange(_candidates);

        int found = 0;
        foreach (uint hidden in before)
        {
            if (store.IsLive(hidden))
            {
                continue;
            }

            foreach (uint next in store.ReadLinks(hidden, layer))
            {
                if (next == GraphStore.NoNode)
                {
                    // The row was shortened while it was read.
                    break;
                }

                var known = new ReadOnlySpan<uint>(nodes, found);
                if (found < GraphParameters.MaxM * 4 && next != owner && store.IsLive(next) && !before.Contains(next) && !known.Contains(next))
                {
                    nodes[found++] = next;
                }
            }
        }

        LoadCandidates<TRows>(store, owner, found);
        AddDiverse<TRows>(store, before.Length);
        after.Clear();
        foreach (Candidate neighbor in _kept)
        {
            after.Add(neighbor.Ordinal);
        }
    }

    /// <summary>Fills <see cref="Candidates"/> with the first nodes of the buffer and their distances to the owner, in order.</summary>
    private void LoadCandidates<TRows>(GraphStore store, uint owner, int count)
        where TRows : struct, IRowSpace
    {
        byte* query = TRows.QueryOf(store, TRows.Row(store, owner), _query);
        HnswSearcher<TRows>.Compute(store, query, _nodes.Pointer, count, _distances.Pointer);
        _candidates.Clear();
        for (int i = 0; i < count; i++)
        {
            _candidates.Add(new Candidate(_distances.Pointer[i], _nodes.Pointer[i]));
        }

        SortByDistance(_candidates);
    }

    /// <summary>
    /// By distance; of equals the greatest ordinal first, which is mostly the newest node. Were it the lowest, a row full of
    /// equal vectors would turn away every further one, and nothing would ever link to it.
    /// </summary>
    public static void SortByDistance(List<Candidate> candidates) => CollectionsMarshal.AsSpan(candidates).Sort(
        static (a, b) => a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : b.Ordinal.CompareTo(a.Ordinal));

    /// <summary>Adds to <see cref="Kept"/> the candidates that no kept node links to, instead of kept ones that another links to.</summary>
    private void KeepReachable(GraphStore store, int layer, int capacity)
    {
        foreach (Candidate candidate in CollectionsMarshal.AsSpan(_candidates))
        {
            if (!_kept.Contains(candidate) && !IsLinkedFromKept(store, layer, candidate.Ordinal)
                && (_kept.Count < capacity || DropLinked(store, layer)))
            {
                _kept.Add(candidate);
            }
        }
    }

    private bool IsLinkedFromKept(GraphStore store, int layer, uint node)
    {
        foreach (Candidate other in CollectionsMarshal.AsSpan(_kept))
        {
            if (other.Ordinal != node && store.HasLink(other.Ordinal, layer, node))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Drops the farthest kept node that another kept node links to. False if there is none.</summary>
    private bool DropLinked(GraphStore store, int layer)
    {
        for (int i = _kept.Count - 1; i >= 0; i--)
        {
            if (IsLinkedFromKept(store, layer, _kept[i].Ordinal))
            {
                _kept.RemoveAt(i);
                return true;
            }
        }

        return false;
    }

    /// <summary>Puts the node before the candidates at the same distance: it has no other link yet, and they may.</summary>
    private void FavorAmongEquals(uint node)
    {
        Span<Candidate> candidates = CollectionsMarshal.AsSpan(_candidates);
        int at = 0;
        while (candidates[at].Ordinal != node)
        {
            at++;
        }

        for (; at > 0 && candidates[at - 1].Distance == candidates[at].Distance; at--)
        {
            (candidates[at - 1], candidates[at]) = (candidates[at], candidates[at - 1]);
        }
    }

    private bool IsDiverse<TRows>(GraphStore store, Candidate candidate, uint* kept, int keptCount)
        where TRows : struct, IRowSpace
    {
        byte* query = TRows.QueryOf(store, TRows.Row(store, candidate.Ordinal), _query);
        float* distances = _distances.Pointer + (GraphParameters.MaxM * 4);
        for (int i = 0; i < keptCount; i += 4)
        {
            int batch = Math.Min(4, keptCount - i);
            HnswSearcher<TRows>.Compute(store, query, kept + i, batch, distances);
            for (int j = 0; j < batch; j++)
            {
                if (distances[j] < candidate.Distance)
                {
                    return false;
                }
            }
        }

        return true;
    }
}
