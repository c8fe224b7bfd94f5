using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>A posting set for every value of a KEYWORD or KEYWORD_LIST attribute.</summary>
internal sealed class KeywordIndex(AttributeSchema schema) : AttributeIndex(schema)
{
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

    public override IndexMismatches Load(BlobStore blobs)
    {
        IndexMismatches mismatches = default;
        for (uint ordinal = 0; ordinal < (uint)blobs.Length; ordinal++)
        {
            byte[]? blob = blobs.Get(ordinal);
            if (blob is null || !AttributeCodec.TryFind(blob, Utf8Name, out AttributeView value))
            {
                continue;
            }

            if (Accepts(value))
            {
                Add(ordinal, value);
            }
            else
            {
                mismatches = mismatches.With(ordinal, value.Kind);
            }
        }

        return mismatches;
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
        string value = AttributeView.Decode(utf8);
        if (!_postings.TryGetValue(value, out PostingSet? posting))
        {
            posting = new PostingSet();
            _postings.Add(value, posting);
        }

        posting.Add(ordinal);
    }

    private void RemoveValue(uint ordinal, ReadOnlySpan<byte> utf8)
    {
        string value = AttributeView.Decode(utf8);

        // A list may name a value twice, so its posting may be gone already.
        if (_postings.TryGetValue(value, out PostingSet? posting) && posting.Remove(ordinal) && posting.Count == 0)
        {
            _postings.Remove(value);
        }
    }
}
