using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>What a text match looks for: tokens in order, of which none makes another superfluous.</summary>
internal sealed class TextQuery
{
    // By their text, a beginning before the token that is the same. No other token of the query begins with one of its beginnings, so
    // that a word is covered by the last token that does not come after it, or by none.
    private readonly TextToken[] _tokens;

    private TextQuery(TextToken[] tokens, TextMatchMode mode)
    {
        _tokens = tokens;
        Mode = tokens.Length == 1 ? TextMatchMode.All : mode;
    }

    public ReadOnlySpan<TextToken> Tokens => _tokens;

    public TextMatchMode Mode { get; }

    /// <summary>The tokens as they are written, repeats included.</summary>
    public static List<TextToken> Read(string query)
    {
        List<TextToken> tokens = [];
        TokenReader reader = new(Utf8Order.Strict.GetBytes(query), stackalloc char[TokenReader.BufferLength]);
        while (reader.MoveNext())
        {
            tokens.Add(new TextToken(reader.Current.ToString(), reader.IsPrefix));
        }

        return tokens;
    }

    public static TextQuery Of(string query, TextMatchMode mode) => Of(Read(query), mode);

    public static TextQuery Of(List<TextToken> tokens, TextMatchMode mode)
    {
        TextToken[] sorted = [.. tokens.Distinct()];
        Array.Sort(sorted, static (left, right) =>
        {
            int order = Utf8Order.Compare(left.Text, right.Text);
            return order != 0 ? order : right.IsPrefix.CompareTo(left.IsPrefix);
        });

        // All that a beginning covers stands right after it. Where one token is enough what is covered adds nothing; where all are
        // needed the beginning does not.
        List<TextToken> kept = new(sorted.Length);
        for (int i = 0; i < sorted.Length; i++)
        {
            bool isSuperfluous = mode == TextMatchMode.Any
                ? kept.Count > 0 && kept[^1].IsPrefix && kept[^1].Covers(sorted[i].Text)
                : i + 1 < sorted.Length && sorted[i].IsPrefix && sorted[i].Covers(sorted[i + 1].Text);
            if (!isSuperfluous)
            {
                kept.Add(sorted[i]);
            }
        }

        return new TextQuery([.. kept], mode);
    }

    /// <summary>Whether the text has the tokens.</summary>
    public bool Matches(ReadOnlySpan<byte> utf8)
    {
        Span<ulong> found = stackalloc ulong[(_tokens.Length + 63) >> 6];
        found.Clear();
        int missing = Mode == TextMatchMode.Any ? 1 : _tokens.Length;
        TokenReader words = new(utf8, stackalloc char[TokenReader.BufferLength]);
        while (words.MoveNext())
        {
            int at = Find(words.Current);
            if (at < 0 || (found[at >> 6] >> (at & 63) & 1) != 0)
            {
                continue;
            }

            found[at >> 6] |= 1UL << (at & 63);
            if (--missing == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The tokens as a query that reads back as the same.</summary>
    public override string ToString() => string.Join(' ', _tokens);

    /// <summary>The token that covers the word, or -1.</summary>
    private int Find(ReadOnlySpan<char> word)
    {
        int low = 0;
        int high = _tokens.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (Utf8Order.Compare(_tokens[middle].Text, word) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low > 0 && _tokens[low - 1].Covers(word) ? low - 1 : -1;
    }
}
