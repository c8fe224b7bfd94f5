using System.Numerics;

namespace AnnServer.Engine.Checkpoints;

/// <summary>A set of slots that grows with them. Owned by one commit lock.</summary>
internal sealed class SlotSet
{
    private ulong[] _words = [];

    public void Add(uint slot)
    {
        int word = (int)(slot >> 6);
        if (word >= _words.Length)
        {
            Array.Resize(ref _words, Math.Max(word + 1, _words.Length * 2));
        }

        _words[word] |= 1UL << (int)(slot & 63);
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
        return true;
    }

    /// <summary>Takes out the first slot at or after <paramref name="from"/>; false where there is none.</summary>
    public bool TryTake(uint from, out uint slot)
    {
        int word = (int)(from >> 6);
        ulong bits = word < _words.Length ? _words[word] & (ulong.MaxValue << (int)(from & 63)) : 0;
        while (bits == 0 && ++word < _words.Length)
        {
            bits = _words[word];
        }

        if (bits == 0)
        {
            slot = 0;
            return false;
        }

        slot = ((uint)word << 6) | (uint)BitOperations.TrailingZeroCount(bits);
        _words[word] ^= 1UL << (int)(slot & 63);
        return true;
    }

    /// <summary>Makes the set that of the bits.</summary>
    public void Assign(ReadOnlySpan<ulong> words) => _words = words.ToArray();

    public void Clear() => _words.AsSpan().Clear();
}
