using System.Collections.Concurrent;
using AnnServer.Engine.Collections.Scrolling;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>
/// Identifiers to ordinals and back. Reads from any thread without a lock; writes under the commit lock of the collection.
/// An ordinal keeps its identifier after its point is hidden, for the readers that have found it already.
/// </summary>
internal sealed class IdMap
{
    // A dictionary node, its bucket and the entry by ordinal; keys add their characters.
    private const int BytesPerEntry = 96;

    private ConcurrentDictionary<PointId, uint> _ordinals = new();
    private readonly ChunkedArray<PointId> _ids = new();
    private volatile IdOrder? _order;
    private long _keyBytes;

    public int Count => _ordinals.Count;

    /// <summary>Of the keys alone.</summary>
    public long KeyBytes => _keyBytes;

    public long MemoryBytes => ((long)_ordinals.Count * BytesPerEntry) + _keyBytes + (_order?.MemoryBytes ?? 0);

    /// <summary>The identifiers in order, while they are kept so. Set under the commit lock.</summary>
    public IdOrder? Order
    {
        get => _order;
        set => _order = value;
    }

    /// <summary>Makes room for so many points, before there is any.</summary>
    public void Reserve(int points)
    {
        _ordinals = new ConcurrentDictionary<PointId, uint>(Environment.ProcessorCount, points);
    }

    public bool TryGet(PointId id, out uint ordinal) => _ordinals.TryGetValue(id, out ordinal);

    /// <summary>The identifier that was last given to an ordinal.</summary>
    public PointId Id(uint ordinal) => _ids[ordinal];

    /// <summary>Asks for the identifier of an ordinal that is about to be read.</summary>
    public void Prefetch(uint ordinal) => _ids.Prefetch(ordinal);

    /// <summary>Names an ordinal before anything leads to it.</summary>
    public void SetId(uint ordinal, PointId id)
    {
        _ids.Set(ordinal, id);
        if (_order is { } order && !order.TryAdd(ordinal, id))
        {
            _order = null;
        }
    }

    /// <summary>Makes the identifier stand for the ordinal.</summary>
    public void Map(PointId id, uint ordinal)
    {
        if (!TryAdd(id, ordinal))
        {
            _ordinals[id] = ordinal;
        }
    }

    /// <summary>Makes the identifier stand for the ordinal, unless it stands for one.</summary>
    public bool TryAdd(PointId id, uint ordinal)
    {
        if (!_ordinals.TryAdd(id, ordinal))
        {
            return false;
        }

        _keyBytes += BytesOf(id);
        return true;
    }

    public void Remove(PointId id)
    {
        if (_ordinals.TryRemove(id, out _))
        {
            _keyBytes -= BytesOf(id);
        }
    }

    // A string object: header, length and UTF-16 characters.
    private static long BytesOf(PointId id) => id.Key is null ? 0 : 22 + (2L * id.Key.Length);
}
