using System.Buffers;
using System.Text.Unicode;
using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes.Facets;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>The ordinals by every value of a KEYWORD or KEYWORD_LIST attribute.</summary>
internal sealed class KeywordIndex(AttributeSchema schema) : AttributeIndex(schema)
{
    /// <summary>Characters of a value of ordinary length.</summary>
    public const int MaxStackLength = 256;

    private readonly AttributeKind _kind = schema.Type == AttributeType.Keyword ? AttributeKind.String : AttributeKind.StringList;
    private readonly Vocabulary _values = new();
    private readonly PostingSet _exists = new();

    public override long MemoryBytes => _exists.MemoryBytes + _values.MemoryBytes;

    public override bool Accepts(AttributeView value) => value.Kind == _kind;

    public override void Add(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        Span<char> buffer = stackalloc char[MaxStackLength];
        if (_kind == AttributeKind.String)
        {
            _values.Add(ordinal, Decode(value.Utf8, buffer));
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            _values.Add(ordinal, Decode(elements.ReadPrefixed(), buffer));
        }
    }

    public override void Remove(uint ordinal, AttributeView value)
    {
        _exists.Remove(ordinal);
        Span<char> buffer = stackalloc char[MaxStackLength];
        if (_kind == AttributeKind.String)
        {
            _values.Remove(ordinal, Decode(value.Utf8, buffer));
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            _values.Remove(ordinal, Decode(elements.ReadPrefixed(), buffer));
        }
    }

    public override void AddInBulk(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        Span<char> buffer = stackalloc char[MaxStackLength];
        if (_kind == AttributeKind.String)
        {
            _values.AddInBulk(ordinal, Decode(value.Utf8, buffer));
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            _values.AddInBulk(ordinal, Decode(elements.ReadPrefixed(), buffer));
        }
    }

    public override void EndBulk() => _values.EndBulk();

    public override FacetCounter CountFacet(int limit) => new KeywordFacet(this, _values.Order, _exists, limit);

    public override ValueWalk? Walk(AttributeValue from, bool descending) => from.Kind switch
    {
        _ when _kind == AttributeKind.StringList => null,
        AttributeKind.None => new KeywordWalk(_values.Order, _exists, null, descending),
        AttributeKind.String => new KeywordWalk(_values.Order, _exists, from.AsString(), descending),
        _ => null,
    };

    public override void AddMatches(LeafTest leaf, OrdinalBitmap bitmap, BitmapPool pool)
    {
        switch (leaf.Shape)
        {
            case LeafShape.Exists:
                _exists.AddTo(bitmap);
                break;
            case LeafShape.In:
                foreach (string wanted in leaf.Strings)
                {
                    _values.AddTo(wanted, bitmap);
                }

                break;
            case LeafShape.Prefix:
                _values.AddPrefixTo(leaf.Strings[0], bitmap);
                break;
            case LeafShape.Range when leaf.Domain == RangeDomain.String:
                _values.AddRangeTo(leaf.LeastString, leaf.IsWithin, bitmap);
                break;
        }
    }

    /// <summary>Makes no string of a value of ordinary length.</summary>
    public static ReadOnlySpan<char> Decode(ReadOnlySpan<byte> utf8, Span<char> buffer)
    {
        if (utf8.Length > buffer.Length)
        {
            return AttributeView.Decode(utf8);
        }

        if (Utf8.ToUtf16(utf8, buffer, out _, out int length, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            BlobReader.ThrowMalformed("a string is not UTF-8");
        }

        return buffer[..length];
    }
}
