using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes;

/// <summary>
/// For each ordinal one byte: in which of 255 stretches of the order its key lies, of which each held about as many when they were made.
/// A range takes a comparison of that byte, 64 ordinals at a time, and the order itself only for the stretches at its two ends. For
/// indexes in which an ordinal stands under one key at most. Not synchronised.
/// </summary>
internal sealed class BucketColumn<TKey>
    where TKey : struct, IComparable<TKey>
{
    private const int MaxBuckets = byte.MaxValue;

    // Below it a range is read out of the order in a few microseconds.
    private const int LeastEntries = 4096;

    // Ordinals whose bytes are compared at once, and the bits of one word of a bitmap.
    private const int Lanes = 64;

    // 0 for those without a key. As long as whole vectors are.
    private byte[] _buckets = [];

    // The least key of each bucket when they were made. The first also takes all that is less, the last all that is greater.
    private TKey[] _least = [];
    private int _entriesWhenMade;

    public long MemoryBytes => _buckets.Length + (_least.Length * sizeof(long));

    public bool IsMade => _least.Length > 0;

    /// <summary>Whether the stretches ought to be made, for the first time or anew since they no longer are alike.</summary>
    public bool IsDue(int entries) => entries >= LeastEntries && entries >= 2 * _entriesWhenMade;

    /// <summary>Begins with no bucket; all entries have to follow, in order, through <see cref="Append"/>.</summary>
    public Maker Make(int entries)
    {
        Array.Clear(_buckets);
        _entriesWhenMade = entries;
        return new Maker(this, entries);
    }

    public void Forget()
    {
        _buckets = [];
        _least = [];
        _entriesWhenMade = 0;
    }

    public void Set(uint ordinal, TKey key)
    {
        if (IsMade)
        {
            Put(ordinal, (byte)BucketOf(key));
        }
    }

    public void Clear(uint ordinal)
    {
        if (ordinal < (uint)_buckets.Length)
        {
            _buckets[ordinal] = 0;
        }
    }

    /// <summary>The buckets that hold keys between the two alone; false where there is none.</summary>
    /// <param name="startsAll">No key is less than <paramref name="low"/>.</param>
    /// <param name="endsAll">No key is greater than <paramref name="high"/>.</param>
    /// <param name="from">What lies in none of them and is not less than <paramref name="low"/> is less than this.</param>
    /// <param name="to">And what is not greater than <paramref name="high"/> is not less than this.</param>
    public bool TryCover(TKey low, TKey high, bool startsAll, bool endsAll, out byte first, out byte last, out TKey from, out TKey to)
    {
        int firstAt = startsAll ? 0 : LowerBound(low, 1);
        // The greatest whose successor begins within the range.
        int lastAt = _least.Length - 1;
        if (!endsAll)
        {
            int next = LowerBound(high, 1);
            lastAt = next < _least.Length && _least[next].CompareTo(high) == 0 ? next - 1 : next - 2;
        }

        first = (byte)(firstAt + 1);
        last = (byte)(lastAt + 1);
        bool covers = firstAt <= lastAt && firstAt < _least.Length;
        from = covers ? _least[firstAt] : default;
        to = covers && lastAt + 1 < _least.Length ? _least[lastAt + 1] : default;
        return covers;
    }

    /// <summary>Adds the ordinals in some buckets that are below the bitmap's length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(byte first, byte last, OrdinalBitmap bitmap)
    {
        Span<ulong> words = bitmap.Words;
        int whole = Math.Min(words.Length, _buckets.Length / Lanes);
        ref byte buckets = ref MemoryMarshal.GetArrayDataReference(_buckets);
        var lowest = Vector512.Create(first);
        var span = Vector512.Create((byte)(last - first));
        for (int i = 0; i < whole; i++)
        {
            Vector512<byte> offset = Vector512.LoadUnsafe(ref buckets, (nuint)(i * Lanes)) - lowest;
            words[i] |= Vector512.LessThanOrEqual(offset, span).ExtractMostSignificantBits();
        }

        if (whole == words.Length && (bitmap.Length & 63) != 0)
        {
            words[^1] &= (1UL << (bitmap.Length & 63)) - 1;
        }
    }

    // The first from a place on that is not less.
    private int LowerBound(TKey key, int start)
    {
        int low = Math.Min(start, _least.Length);
        int high = _least.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_least[middle].CompareTo(key) < 0)
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

    private int BucketOf(TKey key)
    {
        int at = LowerBound(key, 0);
        return at < _least.Length && _least[at].CompareTo(key) == 0 ? at + 1 : Math.Max(1, at);
    }

    private void Put(uint ordinal, byte bucket)
    {
        if (ordinal >= (uint)_buckets.Length)
        {
            int length = Math.Max((int)ordinal + 1, _buckets.Length * 2);
            Array.Resize(ref _buckets, (length + Lanes - 1) / Lanes * Lanes);
        }

        _buckets[ordinal] = bucket;
    }

    /// <summary>Cuts the order into stretches, never between equal keys.</summary>
    public ref struct Maker(BucketColumn<TKey> column, int entries)
    {
        private readonly List<TKey> _least = new(MaxBuckets);
        private readonly int _perBucket = (entries + MaxBuckets - 1) / MaxBuckets;
        private int _inBucket;
        private TKey _last;

        public void Append(TKey key, uint ordinal)
        {
            if (_least.Count == 0 || (_inBucket >= _perBucket && key.CompareTo(_last) != 0 && _least.Count < MaxBuckets))
            {
                _least.Add(key);
                _inBucket = 0;
            }

            _inBucket++;
            _last = key;
            column.Put(ordinal, (byte)_least.Count);
        }

        public readonly void End() => column._least = [.. _least];
    }
}
