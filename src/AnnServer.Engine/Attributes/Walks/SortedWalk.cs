using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes.Walks;

/// <summary>Goes through numbers or instants.</summary>
/// <param name="from">The first value; null for the first there is.</param>
internal sealed class SortedWalk<TKey>(SortedIndex<TKey> sorted, PostingSet exists, TKey? from, bool descending) : ValueWalk
    where TKey : struct, IComparable<TKey>
{
    // The last entry passed.
    private bool _isBegun;
    private TKey _key;
    private uint _ordinal;

    public override WalkStep Step(ValueGroup group)
    {
        SortedIndex<TKey>.Position position = Place();
        for (int i = 0; i < SliceEntries; i++)
        {
            if (!(descending ? sorted.MovePrevious(ref position, out TKey key, out uint ordinal) : sorted.MoveNext(ref position, out key, out ordinal)))
            {
                return WalkStep.End;
            }

            if (!_isBegun || key.CompareTo(_key) != 0)
            {
                if (!group.IsEmpty)
                {
                    return WalkStep.Value;
                }

                IsAtStart = from is { } first && key.CompareTo(first) == 0;
            }

            _isBegun = true;
            _key = key;
            _ordinal = ordinal;
            Entries++;
            group.Add(ordinal);
        }

        return WalkStep.Part;
    }

    public override void AddPresent(OrdinalBitmap bitmap) => exists.AddTo(bitmap);

    private SortedIndex<TKey>.Position Place()
    {
        if (_isBegun)
        {
            return sorted.Seek(_key, descending ? _ordinal : _ordinal + 1);
        }

        if (from is { } first)
        {
            return descending ? sorted.SeekAfter(first) : sorted.Seek(first, 0);
        }

        return descending ? sorted.End : default;
    }
}
