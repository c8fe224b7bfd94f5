using System.Runtime.CompilerServices;

namespace AnnServer.Engine.Attributes;

/// <summary>One chunk of a <see cref="SortedIndex{TKey}"/>: entries ascending by key, then ordinal.</summary>
internal sealed class SortedRun<TKey>
    where TKey : struct, IComparable<TKey>
{
    public const int Capacity = 512;

    public readonly TKey[] Keys = new TKey[Capacity];
    public readonly uint[] Ordinals = new uint[Capacity];

    public int Count { get; private set; }

    /// <summary>Entries that come before the pair.</summary>
    public int LowerBound(TKey key, uint ordinal)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (SortedIndex<TKey>.Compare(Keys[middle], Ordinals[middle], key, ordinal) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    public bool Holds(int position, TKey key, uint ordinal) =>
        position < Count && Ordinals[position] == ordinal && Keys[position].CompareTo(key) == 0;

    public void Append(TKey key, uint ordinal)
    {
        Keys[Count] = key;
        Ordinals[Count] = ordinal;
        Count++;
    }

    public void Insert(int position, TKey key, uint ordinal)
    {
        Array.Copy(Keys, position, Keys, position + 1, Count - position);
        Array.Copy(Ordinals, position, Ordinals, position + 1, Count - position);
        Keys[position] = key;
        Ordinals[position] = ordinal;
        Count++;
    }

    public void RemoveAt(int position)
    {
        Count--;
        Array.Copy(Keys, position + 1, Keys, position, Count - position);
        Array.Copy(Ordinals, position + 1, Ordinals, position, Count - position);
        Forget(Count, 1);
    }

    /// <summary>Moves the upper half into a run of its own.</summary>
    public SortedRun<TKey> Split()
    {
        SortedRun<TKey> upper = new();
        int keep = Count / 2;
        upper.CopyFrom(this, keep);
        Forget(keep, Count - keep);
        Count = keep;
        return upper;
    }

    /// <summary>Takes all entries of the run that follows; both must fit.</summary>
    public void Absorb(SortedRun<TKey> next) => CopyFrom(next, 0);

    // A key that is no longer in use must not keep what it refers to.
    private void Forget(int start, int count)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TKey>())
        {
            Array.Clear(Keys, start, count);
        }
    }

    private void CopyFrom(SortedRun<TKey> source, int start)
    {
        int moved = source.Count - start;
        Array.Copy(source.Keys, start, Keys, Count, moved);
        Array.Copy(source.Ordinals, start, Ordinals, Count, moved);
        Count += moved;
    }
}
