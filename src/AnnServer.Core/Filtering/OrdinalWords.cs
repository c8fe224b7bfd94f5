using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Filtering;

/// <summary>A set of ordinals in memory that somebody else owns: 64 a word, lowest first. Others may set and clear bits meanwhile.</summary>
internal readonly unsafe struct OrdinalWords(ulong* words, int wordCount)
{
    // Of a million points.
    private const int MostPrefetched = 1 << 14;

    public int WordCount => wordCount;

    public ulong Word(int index) => Volatile.Read(ref words[index]);

    /// <summary>
    /// Asks for all words, unless they are so many that a walk reads few of their lines. Those of a filter that is kept come from far, and
    /// a walk would wait for one after another: it takes 3 to 9 % less.
    /// </summary>
    public void Prefetch()
    {
        if (Sse.IsSupported && wordCount <= MostPrefetched)
        {
            for (int word = 0; word < wordCount; word += CacheLine.Bytes / sizeof(ulong))
            {
                Sse.Prefetch1(words + word);
            }
        }
    }

    public bool Contains(uint ordinal)
    {
        int word = (int)(ordinal >> 6);
        return word < wordCount && (words[word] >> (int)(ordinal & 63) & 1) != 0;
    }

    /// <summary>
    /// A bit that is not 0 for each of sixteen ordinals that is in the set, none of which may lie beyond its words. Only where there is
    /// AVX-512.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<uint> Bits(Vector512<uint> ordinals)
    {
        var halves = (uint*)words;
        Vector512<int> index = (ordinals >>> 5).AsInt32();
        var word = Vector512.Create(
            Avx2.GatherVector256(halves, index.GetLower(), sizeof(uint)), Avx2.GatherVector256(halves, index.GetUpper(), sizeof(uint)));
        return word & Avx512F.ShiftLeftLogicalVariable(Vector512<uint>.One, ordinals & Vector512.Create(31u));
    }
}
