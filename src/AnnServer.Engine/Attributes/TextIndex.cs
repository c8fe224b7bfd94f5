using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>The ordinals by every token of a TEXT attribute.</summary>
internal sealed class TextIndex(AttributeSchema schema) : AttributeIndex(schema)
{
    private readonly Vocabulary _tokens = new();
    private readonly PostingSet _exists = new();

    public override long MemoryBytes => _exists.MemoryBytes + _tokens.MemoryBytes;

    public override bool Accepts(AttributeView value) => value.Kind == AttributeKind.String;

    public override void Add(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        TokenReader tokens = new(value.Utf8, stackalloc char[TokenReader.BufferLength]);
        while (tokens.MoveNext())
        {
            _tokens.Add(ordinal, tokens.Current);
        }
    }

    public override void Remove(uint ordinal, AttributeView value)
    {
        _exists.Remove(ordinal);
        TokenReader tokens = new(value.Utf8, stackalloc char[TokenReader.BufferLength]);
        while (tokens.MoveNext())
        {
            _tokens.Remove(ordinal, tokens.Current);
        }
    }

    public override void AddInBulk(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        TokenReader tokens = new(value.Utf8, stackalloc char[TokenReader.BufferLength]);
        while (tokens.MoveNext())
        {
            _tokens.AddInBulk(ordinal, tokens.Current);
        }
    }

    public override void EndBulk() => _tokens.EndBulk();

    public override void AddMatches(LeafTest leaf, OrdinalBitmap bitmap, BitmapPool pool)
    {
        switch (leaf.Shape)
        {
            case LeafShape.Exists:
                _exists.AddTo(bitmap);
                break;
            case LeafShape.Text when leaf.Text!.Mode == TextMatchMode.Any:
                foreach (TextToken token in leaf.Text.Tokens)
                {
                    AddTo(token, bitmap);
                }

                break;
            case LeafShape.Text:
                AddAll(leaf.Text.Tokens, bitmap, pool);
                break;
        }
    }

    private void AddAll(ReadOnlySpan<TextToken> tokens, OrdinalBitmap bitmap, BitmapPool pool)
    {
        if (tokens.Length == 1)
        {
            AddTo(tokens[0], bitmap);
            return;
        }

        OrdinalBitmap all = pool.Rent(bitmap.Length);
        OrdinalBitmap next = pool.Rent(bitmap.Length);
        AddTo(tokens[0], all);
        foreach (TextToken token in tokens[1..])
        {
            next.Reset(bitmap.Length);
            AddTo(token, next);
            all.And(next);
        }

        bitmap.Or(all);
        pool.Return(next);
        pool.Return(all);
    }

    private void AddTo(TextToken token, OrdinalBitmap bitmap)
    {
        if (token.IsPrefix)
        {
            _tokens.AddPrefixTo(token.Text, bitmap);
        }
        else
        {
            _tokens.AddTo(token.Text, bitmap);
        }
    }
}
