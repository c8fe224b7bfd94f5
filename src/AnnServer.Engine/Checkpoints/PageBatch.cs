using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Checkpoints;

/// <summary>Images of pages of one collection, one after another in one buffer.</summary>
internal sealed class PageBatch
{
    private readonly RecordWriter _images = new();
    private readonly List<(PageKind Kind, uint Slot, int End)> _pages = [];

    public int Count => _pages.Count;

    public int Bytes => _images.Payload.Length;

    public void Clear()
    {
        _images.Clear();
        _pages.Clear();
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
                data.Index.CopyKept(slot, _images.Append(data.Index.KeptBytes));
                break;
            case PageKind.Links:
                data.Index.CopyRows(slot, _images.Append(data.Index.RowsBytes(slot)));
                break;
        }

        _pages.Add((kind, slot, _images.Payload.Length));
    }

    public ReadOnlySpan<byte> Page(int index, out PageKind kind, out uint slot)
    {
        (kind, slot, int end) = _pages[index];
        int start = index == 0 ? 0 : _pages[index - 1].End;
        return _images.Payload[start..end];
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
