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
    private readonly HashSet<int> _unreadable = [];

    public int Count => _pages.Count;

    public int Bytes => _images.Payload.Length;

    public void Clear()
    {
        _images.Clear();
        _pages.Clear();
        _unread.Clear();
        _slots.Clear();
        _places.Clear();
        _unreadable.Clear();
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

    /// <summary>
    /// Reads the vectors that are on disk, which takes time: not under the commit lock. Returns why some cannot be read, which
    /// <see cref="IsReadable"/> names.
    /// </summary>
    public IOException? ReadVectors(CollectionData data)
    {
        if (_unread.Count == 0 || ReadVectors(data, 0, _unread.Count) is null)
        {
            return null;
        }

        IOException? last = null;
        for (int i = 0; i < _unread.Count; i++)
        {
            if (ReadVectors(data, i, 1) is { } error)
            {
                _unreadable.Add(_unread[i]);
                last = error;
            }
        }

        return last;
    }

    /// <summary>Whether there is an image of a page.</summary>
    public bool IsReadable(int index) => !_unreadable.Contains(index);

    public ReadOnlySpan<byte> Page(int index, out PageKind kind, out uint slot)
    {
        (kind, slot, int end) = _pages[index];
        return _images.Payload[Start(index)..end];
    }

    private IOException? ReadVectors(CollectionData data, int from, int count)
    {
        int bytes = data.Index.KeptBytes;
        byte[] vectors = new byte[count * bytes];
        try
        {
            // Whoever deletes what is out of date is the caller, later.
            bool isThere = data.Vectors!.Source.TryRead(
                CollectionsMarshal.AsSpan(_slots).Slice(from, count), CollectionsMarshal.AsSpan(_places).Slice(from, count), vectors);
            if (!isThere)
            {
                return new IOException("A vector is not where the last checkpoint has put it.");
            }
        }
        catch (IOException error)
        {
            return error;
        }

        for (int i = 0; i < count; i++)
        {
            vectors.AsSpan(i * bytes, bytes).CopyTo(_images.Written(Start(_unread[from + i]), bytes));
        }

        return null;
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
