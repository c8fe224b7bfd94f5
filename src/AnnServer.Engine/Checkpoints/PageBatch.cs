using System.Runtime.InteropServices;
using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Checkpoints;

/// <summary>Images of pages of one collection, one after another in one buffer.</summary>
internal sealed class PageBatch
{
    private readonly RecordWriter _images = new();
    private readonly List<(PageKind Kind, uint Slot, int End)> _pages = [];

    // Pages whose vectors are on disk, and where.
    private readonly List<int> _unread = [];
    private readonly List<uint> _slots = [];
    private readonly List<long> _places = [];

    public int Count => _pages.Count;

    public int Bytes => _images.Payload.Length;

    public void Clear()
    {
        _images.Clear();
        _pages.Clear();
        _unread.Clear();
        _slots.Clear();
        _places.Clear();
    }

    /// <summary>Adds the page of a slot as it is now. Under the commit lock.</summary>
    public void Add(CollectionData data, PageKind kind, uint slot)
    {
        switch (kind)
        {
            case PageKind.Point:
                AddPoint(data, slot);
                break;
            case PageKind.Vector:
                AddVector(data, slot);
                break;
            case PageKind.Links:
                data.Index.CopyRows(slot, _images.Append(data.Index.RowsBytes(slot)));
                break;
        }

        _pages.Add((kind, slot, _images.Payload.Length));
    }

    /// <summary>Reads the vectors that are on disk, which takes time: not under the commit lock.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public void ReadVectors(CollectionData data)
    {
        if (_unread.Count == 0)
        {
            return;
        }

        int bytes = data.Index.KeptBytes;
        byte[] vectors = new byte[_unread.Count * bytes];
        // Whoever deletes what is out of date is the caller, later.
        if (!data.Vectors!.Source.TryRead(CollectionsMarshal.AsSpan(_slots), CollectionsMarshal.AsSpan(_places), vectors))
        {
            throw new IOException("A vector is not where the last checkpoint has put it.");
        }

        for (int i = 0; i < _unread.Count; i++)
        {
            vectors.AsSpan(i * bytes, bytes).CopyTo(_images.Written(Start(_unread[i]), bytes));
        }
    }

    public ReadOnlySpan<byte> Page(int index, out PageKind kind, out uint slot)
    {
        (kind, slot, int end) = _pages[index];
        return _images.Payload[Start(index)..end];
    }

    private int Start(int index) => index == 0 ? 0 : _pages[index - 1].End;

    private void AddVector(CollectionData data, uint slot)
    {
        Span<byte> image = _images.Append(data.Index.KeptBytes);
        if (data.Index.TryCopyKept(slot, image, out long place))
        {
            return;
        }

        // Of a slot without a vector, which is free, the page is of no matter.
        image.Clear();
        if (place != 0)
        {
            _unread.Add(_pages.Count);
            _slots.Add(slot);
            _places.Add(place);
        }
    }

    private void AddPoint(CollectionData data, uint slot)
    {
        SlotState state = data.StateOf(slot);
        _images.WriteByte((byte)state);
        if (state == SlotState.Live)
        {
            _images.WriteId(data.Ids.Id(slot));
            byte[]? blob = data.Attributes.Get(slot);
            blob.CopyTo(_images.Append(blob?.Length ?? 0));
        }
    }
}
