namespace AnnServer.Core.Filtering;

/// <summary>A set of ordinals in memory that somebody else owns: 64 a word, lowest first. Others may set and clear bits meanwhile.</summary>
internal readonly unsafe struct OrdinalWords(ulong* words, int wordCount)
{
    public int WordCount => wordCount;

    /// <summary>The words as halves, lower first.</summary>
    public uint* Halves => (uint*)words;

    public ulong Word(int index) => Volatile.Read(ref words[index]);

    public bool Contains(uint ordinal)
    {
        int word = (int)(ordinal >> 6);
        return word < wordCount && (words[word] >> (int)(ordinal & 63) & 1) != 0;
    }
}
