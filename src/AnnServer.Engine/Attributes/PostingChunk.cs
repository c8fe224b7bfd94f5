using System.Numerics;

namespace AnnServer.Engine.Attributes;

/// <summary>The members of a <see cref="PostingSet"/> that share their upper 16 bits: a sorted array while few, a bitmap when many.</summary>
internal sealed class PostingChunk(ushort key)
{
    /// <summary>At this many members the array is as large as the bitmap.</summary>
    private const int MaxArrayLength = 4096;

    // A gap below the upper threshold, so that a set hovering at it does not convert on every write.
    private const int MinBitmapCount = 3072;

    private const int BitmapWords = 1024;

    // Exactly one of the two is in use.
    private ushort[] _members = new ushort[4];
    private ulong[]? _bits;

    public ushort Key { get; } = key;

    public int Count { get; private set; }

    public long MemoryBytes => 72 + (_bits is null ? _members.Length * sizeof(ushort) : BitmapWords * sizeof(ulong));

    public bool Contains(ushort member) => _bits is null
        ? _members.AsSpan(0, Count).BinarySearch(member) >= 0
        : (_bits[member >> 6] >> (member & 63) & 1) != 0;

    public bool Add(ushort member)
    {
        if (_bits is not null)
        {
            ulong mask = 1UL << (member & 63);
            ref ulong word = ref _bits[member >> 6];
            if ((word & mask) != 0)
            {
                return false;
            }

            word |= mask;
            Count++;
            return true;
        }

        int position = ~_members.AsSpan(0, Count).BinarySearch(member);
        if (position < 0)
        {
            return false;
        }

        if (Count == MaxArrayLength)
        {
            ToBitmap();
            return Add(member);
        }

        if (Count == _members.Length)
        {
            Array.Resize(ref _members, Math.Min(MaxArrayLength, Count * 2));
        }

        _members.AsSpan(position, Count - position).CopyTo(_members.AsSpan(position + 1));
        _members[position] = member;
        Count++;
        return true;
    }

    public bool Remove(ushort member)
    {
        if (!Contains(member))
        {
            return false;
        }

        Count--;
        if (_bits is not null)
        {
            _bits[member >> 6] &= ~(1UL << (member & 63));
            if (Count < MinBitmapCount)
            {
                ToArray();
            }

            return true;
        }

        int position = _members.AsSpan(0, Count + 1).BinarySearch(member);
        _members.AsSpan(position + 1, Count - position).CopyTo(_members.AsSpan(position));
        return true;
    }

    /// <summary>Sets the members' bits; <paramref name="words"/> begins at the chunk's first ordinal, members beyond it are left out.</summary>
    public void AddTo(Span<ulong> words)
    {
        if (_bits is not null)
        {
            int shared = Math.Min(words.Length, BitmapWords);
            for (int i = 0; i < shared; i++)
            {
                words[i] |= _bits[i];
            }

            return;
        }

        foreach (ushort member in _members.AsSpan(0, Count))
        {
            int word = member >> 6;
            if (word >= words.Length)
            {
                return;
            }

            words[word] |= 1UL << (member & 63);
        }
    }

    /// <summary>Adds the ordinals of the members whose bits are set; <paramref name="words"/> begins at the chunk's first ordinal.</summary>
    public void AddTo(List<uint> list, ReadOnlySpan<ulong> words)
    {
        uint first = (uint)Key << 16;
        if (_bits is not null)
        {
            ReadOnlySpan<ulong> bits = _bits.AsSpan(0, Math.Min(words.Length, BitmapWords));
            for (int i = 0; i < bits.Length; i++)
            {
                for (ulong rest = bits[i] & words[i]; rest != 0; rest &= rest - 1)
                {
                    list.Add(first + (uint)(i << 6) + (uint)BitOperations.TrailingZeroCount(rest));
                }
            }

            return;
        }

        foreach (ushort member in _members.AsSpan(0, Count))
        {
            int word = member >> 6;
            if (word >= words.Length)
            {
                return;
            }

            if ((words[word] >> (member & 63) & 1) != 0)
            {
                list.Add(first + member);
            }
        }
    }

    /// <summary>Members whose bits are set; <paramref name="words"/> begins at the chunk's first ordinal.</summary>
    public int CountIn(ReadOnlySpan<ulong> words)
    {
        int count = 0;
        if (_bits is not null)
        {
            ReadOnlySpan<ulong> bits = _bits.AsSpan(0, Math.Min(words.Length, BitmapWords));
            for (int i = 0; i < bits.Length; i++)
            {
                count += BitOperations.PopCount(bits[i] & words[i]);
            }

            return count;
        }

        foreach (ushort member in _members.AsSpan(0, Count))
        {
            int word = member >> 6;
            if (word >= words.Length)
            {
                break;
            }

            count += (int)(words[word] >> (member & 63) & 1);
        }

        return count;
    }

    private void ToBitmap()
    {
        ulong[] bits = new ulong[BitmapWords];
        foreach (ushort member in _members.AsSpan(0, Count))
        {
            bits[member >> 6] |= 1UL << (member & 63);
        }

        _bits = bits;
        _members = [];
    }

    private void ToArray()
    {
        ushort[] members = new ushort[MaxArrayLength];
        int count = 0;
        for (int i = 0; i < BitmapWords; i++)
        {
            for (ulong rest = _bits![i]; rest != 0; rest &= rest - 1)
            {
                members[count++] = (ushort)((i << 6) + BitOperations.TrailingZeroCount(rest));
            }
        }

        _members = members;
        _bits = null;
    }
}
