using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections.Scrolling;

/// <summary>
/// The identifiers of a collection in order, made when scrolls have taken long enough without. Points that are named later stand apart;
/// when they are too many it is given up. It may name points that are gone: a reader looks only for those of a set that it has taken at one
/// moment after the order was made, and reads it before that set has left its epoch.
/// </summary>
internal sealed class IdOrder(int points)
{
    private const int BytesPerEntry = 28;

    private readonly int _mostRecent = 1024 + (points / 32);
    private PointId[] _ids = [];
    private uint[] _ordinals = [];

    // An entry is stored before the count that covers it; a longer array has the entries of the one before.
    private (uint Ordinal, PointId Id)[] _recent = new (uint, PointId)[64];
    private int _recentCount;
    private volatile bool _isMade;
    private volatile bool _isGivenUp;

    /// <summary>Whether sets of points that are taken from now on can be looked for.</summary>
    public bool IsMade => _isMade;

    public long MemoryBytes => ((long)_ids.Length * BytesPerEntry) + ((long)_recent.Length * BytesPerEntry);

    /// <summary>Sorts what was live when <see cref="TryAdd"/> was first told of new names. Once, by a reader within its epoch.</summary>
    public void Make(OrdinalBitmap live, IdMap names)
    {
        int count = live.Count();
        PointId[] ids = new PointId[count];
        uint[] ordinals = new uint[count];
        int at = 0;
        foreach (uint ordinal in live)
        {
            ids[at] = names.Id(ordinal);
            ordinals[at++] = ordinal;
        }

        Array.Sort(ids, ordinals);
        _ids = ids;
        _ordinals = ordinals;
        _isMade = true;
    }

    /// <summary>Takes note of a name, before anything leads to the ordinal. False when there are too many. Under the commit lock.</summary>
    public bool TryAdd(uint ordinal, PointId id)
    {
        if (_recentCount == _mostRecent)
        {
            _isGivenUp = true;
            return false;
        }

        (uint, PointId)[] recent = _recent;
        if (_recentCount == recent.Length)
        {
            Array.Resize(ref recent, Math.Min(_mostRecent, recent.Length * 2));
            Volatile.Write(ref _recent, recent);
        }

        recent[_recentCount] = (ordinal, id);
        Volatile.Write(ref _recentCount, _recentCount + 1);
        return true;
    }

    /// <summary>Adds the first so many of the set after an identifier. False, having added none, where it has been given up.</summary>
    public bool TryTake(OrdinalBitmap scope, IdMap names, PointId? after, bool descending, int count, List<uint> page)
    {
        int recentCount = Volatile.Read(ref _recentCount);
        (uint Ordinal, PointId Id)[] recent = Volatile.Read(ref _recent);
        if (_isGivenUp)
        {
            return false;
        }

        var least = new LeastIds(count, after, descending);
        foreach ((uint ordinal, PointId id) in recent.AsSpan(0, recentCount))
        {
            if (Stands(ordinal, id))
            {
                least.Add(ordinal, id);
            }
        }

        (uint Ordinal, PointId Id)[] late = least.Drain();
        int nextLate = 0;
        PointId last = default;
        int at = First(after, descending);
        for (int end = page.Count + count; page.Count < end;)
        {
            while ((uint)at < (uint)_ids.Length && !Stands(_ordinals[at], _ids[at]))
            {
                at += descending ? -1 : 1;
            }

            bool hasOld = (uint)at < (uint)_ids.Length;
            if (!hasOld && nextLate == late.Length)
            {
                break;
            }

            bool isOld = hasOld && (nextLate == late.Length || IsBefore(_ids[at], late[nextLate].Id, descending));
            (uint ordinal, PointId id) = isOld ? (_ordinals[at], _ids[at]) : late[nextLate++];
            at += !isOld ? 0 : descending ? -1 : 1;

            // A slot that has been given to the same point again is named twice.
            if (id != last)
            {
                page.Add(ordinal);
                last = id;
            }
        }

        return true;

        // A slot may have had another point when it was named.
        bool Stands(uint ordinal, PointId id) => scope.Contains(ordinal) && names.Id(ordinal) == id;
    }

    private static bool IsBefore(PointId x, PointId y, bool descending) => descending ? x.CompareTo(y) > 0 : x.CompareTo(y) < 0;

    private int First(PointId? after, bool descending)
    {
        if (after is not { } last)
        {
            return descending ? _ids.Length - 1 : 0;
        }

        int found = Array.BinarySearch(_ids, last);
        return found >= 0
            ? found + (descending ? -1 : 1)
            : ~found - (descending ? 1 : 0);
    }
}
