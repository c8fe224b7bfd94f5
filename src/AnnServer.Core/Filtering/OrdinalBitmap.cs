using System.Numerics;
using System.Numerics.Tensors;

namespace AnnServer.Core.Filtering;

/// <summary>
/// A set of ordinals as one bit each, dense from 0. Owned by one thread at a time: a query fills it, searches with it and
/// returns it. Bits at and above <see cref="Length"/> are always clear.
/// </summary>
public sealed class OrdinalBitmap
{
    private ulong[] _words = [];

    /// <summary>Ordinals the set ranges over: 0 to <c>Length - 1</c>.</summary>
    public int Length { get; private set; }

    /// <summary>The bits, 64 ordinals a word, lowest ordinal in the lowest bit.</summary>
    public Span<ulong> Words => _words.AsSpan(0, WordCount(Length));

    /// <summary>Makes the set empty over a new length, reusing the memory it has.</summary>
    public void Reset(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        int words = WordCount(length);
        if (_words.Length < words)
        {
            _words = new ulong[Math.Max(words, _words.Length * 2)];
        }
        else
        {
            Array.Clear(_words, 0, words);
        }

        Length = length;
    }

    public bool Contains(uint ordinal) => ordinal < (uint)Length && (_words[ordinal >> 6] >> (int)(ordinal & 63) & 1) != 0;

    public void Add(uint ordinal)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(ordinal, (uint)Length);
        _words[ordinal >> 6] |= 1UL << (int)(ordinal & 63);
    }

    public void Remove(uint ordinal)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(ordinal, (uint)Length);
        _words[ordinal >> 6] &= ~(1UL << (int)(ordinal & 63));
    }

    /// <summary>Adds every ordinal below <see cref="Length"/>.</summary>
    public void Fill()
    {
        Words.Fill(ulong.MaxValue);
        TrimTail();
    }

    public void And(OrdinalBitmap other)
    {
        ThrowIfOtherLength(other);
        TensorPrimitives.BitwiseAnd<ulong>(Words, other.Words, Words);
    }

    public void Or(OrdinalBitmap other)
    {
        ThrowIfOtherLength(other);
        TensorPrimitives.BitwiseOr<ulong>(Words, other.Words, Words);
    }

    public void AndNot(OrdinalBitmap other)
    {
        ThrowIfOtherLength(other);
        Span<ulong> words = Words;
        ReadOnlySpan<ulong> others = other.Words;
        for (int i = 0; i < words.Length; i++)
        {
            words[i] &= ~others[i];
        }
    }

    /// <summary>Replaces the set by its complement below <see cref="Length"/>.</summary>
    public void Not()
    {
        TensorPrimitives.OnesComplement<ulong>(Words, Words);
        TrimTail();
    }

    public int Count()
    {
        int count = 0;
        foreach (ulong word in Words)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>The members in ascending order.</summary>
    public Enumerator GetEnumerator() => new(this);

    private static int WordCount(int length) => (length + 63) >> 6;

    private void TrimTail()
    {
        if ((Length & 63) != 0)
        {
            _words[Length >> 6] &= (1UL << (Length & 63)) - 1;
        }
    }

    private void ThrowIfOtherLength(OrdinalBitmap other)
    {
        if (other.Length != Length)
        {
            throw new ArgumentException($"Bitmaps of length {Length} and {other.Length} cannot be combined.", nameof(other));
        }
    }

    public struct Enumerator
    {
        private readonly ulong[] _words;
        private readonly int _wordCount;
        private int _word;
        private ulong _rest;

        internal Enumerator(OrdinalBitmap bitmap)
        {
            _words = bitmap._words;
            _wordCount = WordCount(bitmap.Length);
            _word = 0;
            _rest = _wordCount > 0 ? _words[0] : 0;
            Current = 0;
        }

        public uint Current { get; private set; }

        public bool MoveNext()
        {
            while (_rest == 0)
            {
                if (++_word >= _wordCount)
                {
                    return false;
                }

                _rest = _words[_word];
            }

            Current = (uint)(_word << 6) + (uint)BitOperations.TrailingZeroCount(_rest);
            _rest &= _rest - 1;
            return true;
        }
    }
}
