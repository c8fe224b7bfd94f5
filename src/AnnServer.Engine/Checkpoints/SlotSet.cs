using System.Numerics;

namespace AnnServer.Engine.Checkpoints;

/// <summary>A set of slots that grows with them. Owned by one commit lock.</summary>
internal sealed class SlotSet
{
    /// <summary>Slots of a group: those of one word.</summary>
    public const int GroupSize = 64;

    private ulong[] _words = [];

    /// <summary>Slots in the set; anybody may read it.</summary>
    public int Count { get; private set; }

    public void Add(uint slot)
    {
        int word = (int)(slot >> 6);
        if (word >= _words.Length)
        {
            Array.Resize(ref _words, Math.Max(word + 1, _words.Length * 2));
        }

        ulong bit = 1UL << (int)(slot & 63);
        Count += (_words[word] & bit) == 0 ? 1 : 0;
        _words[word] |= bit;
    }

    public bool Contains(uint slot)
    {
        int word = (int)(slot >> 6);
        return word < _words.Length && (_words[word] >> (int)(slot & 63) & 1) != 0;
    }

    /// <summary>Takes a slot out; false where it was not in.</summary>
    public bool Remove(uint slot)
    {
        int word = (int)(slot >> 6);
        ulong bit = 1UL << (int)(slot & 63);
        if (word >= _words.Length || (_words[word] & bit) == 0)
        {
            return false;
        }

        _words[word] ^= bit;
        Count--;
        return true;
    }

    /// <summary>Takes out the first slot of a group of <see cref="GroupSize"/>; false where there is none.</summary>
    public bool TryTake(int group, out uint slot)
    {
        ulong bits = group < _words.Length ? _words[group] : 0;
        if (bits == 0)
        {
            slot = 0;
            return false;
        }

        slot = ((uint)group * GroupSize) | (uint)BitOperations.TrailingZeroCount(bits);
        _words[group] = bits & (bits - 1);
        Count--;
        return true;
    }

    /// <summary>The first group at or after one that has a slot in the set; <see cref="int.MaxValue"/> where there is none.</summary>
    public int NextGroup(int from)
    {
        while (from < _words.Length && _words[from] == 0)
        {
            from++;
        }

        return from < _words.Length ? from : int.MaxValue;
    }

    /// <summary>Makes the set that of the bits.</summary>
    public void Assign(ReadOnlySpan<ulong> words)
    {
        _words = words.ToArray();
        Count = _words.Sum(BitOperations.PopCount);
    }

    public void Clear()
    {
        _words.AsSpan().Clear();
        Count = 0;
    }
}
