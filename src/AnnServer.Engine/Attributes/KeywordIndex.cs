using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Unicode;
using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>A posting set for every value of a KEYWORD or KEYWORD_LIST attribute.</summary>
internal sealed class KeywordIndex(AttributeSchema schema) : AttributeIndex(schema)
{
    private const int MaxStackLength = 256;

    private readonly AttributeKind _kind = schema.Type == AttributeType.Keyword ? AttributeKind.String : AttributeKind.StringList;
    private readonly Dictionary<string, PostingSet> _postings = new(StringComparer.Ordinal);
    private readonly PostingSet _exists = new();

    public override long MemoryBytes
    {
        get
        {
            long bytes = _exists.MemoryBytes;
            foreach ((string value, PostingSet posting) in _postings)
            {
                bytes += posting.MemoryBytes + 56 + (value.Length * sizeof(char));
            }

            return bytes;
        }
    }

    public override bool Accepts(AttributeView value) => value.Kind == _kind;

    public override void Add(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        if (_kind == AttributeKind.String)
        {
            AddValue(ordinal, value.Utf8);
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            AddValue(ordinal, elements.ReadPrefixed());
        }
    }

    public override void Remove(uint ordinal, AttributeView value)
    {
        _exists.Remove(ordinal);
        if (_kind == AttributeKind.String)
        {
            RemoveValue(ordinal, value.Utf8);
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            RemoveValue(ordinal, elements.ReadPrefixed());
        }
    }

    public override void AddMatches(LeafTest leaf, OrdinalBitmap bitmap)
    {
        switch (leaf.Shape)
        {
            case LeafShape.Exists:
                _exists.AddTo(bitmap);
                break;
            case LeafShape.In:
                foreach (string wanted in leaf.Strings)
                {
                    if (_postings.TryGetValue(wanted, out PostingSet? posting))
                    {
                        posting.AddTo(bitmap);
                    }
                }

                break;
            case LeafShape.Range when leaf.Domain == RangeDomain.String:
                foreach ((string value, PostingSet posting) in _postings)
                {
                    if (leaf.IsWithin(value))
                    {
                        posting.AddTo(bitmap);
                    }
                }

                break;
        }
    }

    private void AddValue(uint ordinal, ReadOnlySpan<byte> utf8)
    {
        if (!TryGetPosting(utf8, out PostingSet? posting))
        {
            posting = new PostingSet();
            _postings.Add(AttributeView.Decode(utf8), posting);
        }

        posting.Add(ordinal);
    }

    private void RemoveValue(uint ordinal, ReadOnlySpan<byte> utf8)
    {
        // A list may name a value twice, so its posting may be gone already.
        if (TryGetPosting(utf8, out PostingSet? posting) && posting.Remove(ordinal) && posting.Count == 0)
        {
            _postings.Remove(AttributeView.Decode(utf8));
        }
    }

    /// <summary>Makes no string of a value of ordinary length.</summary>
    private bool TryGetPosting(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out PostingSet? posting)
    {
        if (utf8.Length > MaxStackLength)
        {
            return _postings.TryGetValue(AttributeView.Decode(utf8), out posting);
        }

        Span<char> value = stackalloc char[MaxStackLength];
        if (Utf8.ToUtf16(utf8, value, out _, out int length, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            BlobReader.ThrowMalformed("a string is not UTF-8");
        }

        return _postings.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(value[..length], out posting);
    }
}
