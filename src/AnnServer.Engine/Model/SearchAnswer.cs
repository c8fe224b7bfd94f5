using System.Runtime.InteropServices;

namespace AnnServer.Engine.Model;

/// <summary>The answer of one search: filled by it, and used again for the next by callers who make many.</summary>
public sealed class SearchAnswer
{
    private readonly List<SearchHit> _hits = [];

    /// <summary>Best first; in groups where they were asked for, the best group first; in the order of choice with a diversity.</summary>
    public IReadOnlyList<SearchHit> Hits => _hits;

    public SearchReport Report { get; internal set; }

    /// <summary>About what the answer holds, as it is counted against the limit of one answer.</summary>
    public long Bytes { get; internal set; }

    /// <summary>The hits without an interface between; until the answer is filled again.</summary>
    public ReadOnlySpan<SearchHit> HitSpan => CollectionsMarshal.AsSpan(_hits);

    /// <summary>Lets go of what the hits refer to, and of room for more than <paramref name="keptHits"/> of them.</summary>
    public void Clear(int keptHits)
    {
        _hits.Clear();
        if (_hits.Capacity > keptHits)
        {
            _hits.Capacity = keptHits;
        }
    }

    internal void Begin(int expectedHits)
    {
        _hits.Clear();
        _hits.EnsureCapacity(expectedHits);
    }

    internal void Add(SearchHit hit) => _hits.Add(hit);
}
