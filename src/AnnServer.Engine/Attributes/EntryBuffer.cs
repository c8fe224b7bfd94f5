using System.Runtime.InteropServices;

namespace AnnServer.Engine.Attributes;

/// <summary>Collects the entries of a <see cref="SortedIndex{TKey}"/> that is built in bulk.</summary>
internal readonly struct EntryBuffer<TKey>
{
    private readonly List<TKey> _keys = [];
    private readonly List<uint> _ordinals = [];

    public EntryBuffer()
    {
    }

    public Span<TKey> Keys => CollectionsMarshal.AsSpan(_keys);

    public Span<uint> Ordinals => CollectionsMarshal.AsSpan(_ordinals);

    public void Add(TKey key, uint ordinal)
    {
        _keys.Add(key);
        _ordinals.Add(ordinal);
    }
}
