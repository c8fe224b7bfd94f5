using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Columns;

/// <summary>Strings, or lists of them, as numbers of the distinct ones.</summary>
internal sealed class KeywordColumn : IColumn
{
    private readonly List<string> _words = [];
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly int[][] _rows;

    /// <param name="rows">The strings of each row; none where it has no value.</param>
    public KeywordColumn(string name, AttributeType type, IEnumerable<IReadOnlyList<string>> rows)
    {
        Schema = new AttributeSchema(name, type);
        // Most rows have one string, and rows with the same one share an array.
        Dictionary<int, int[]> singles = [];
        _rows = [.. rows.Select(words => words.Count == 1 ? Single(singles, CodeOf(words[0])) : [.. words.Select(CodeOf)])];
    }

    public AttributeSchema Schema { get; }

    public AttributeValue ValueOf(int row) => (_rows[row].Length, Schema.Type) switch
    {
        (0, _) => default,
        (_, AttributeType.KeywordList) => AttributeValue.Of([.. _rows[row].Select(code => _words[code])]),
        _ => AttributeValue.Of(_words[_rows[row][0]]),
    };

    public void MatchAny(ImmutableArray<AttributeValue> values, Span<bool> matches)
    {
        bool[] wanted = new bool[_words.Count];
        foreach (AttributeValue value in values)
        {
            if (_codes.TryGetValue(value.AsString(), out int code))
                wanted[code] = true;
        }
        for (int row = 0; row < matches.Length; row++)
        {
            bool isIn = false;
            foreach (int code in _rows[row])
                isIn |= wanted[code];
            matches[row] = isIn;
        }
    }

    public void MatchRange(Predicate.Range range, Span<bool> matches) =>
        throw new NotSupportedException($"No data set has a range over {Schema.Name}, whose values are strings.");

    public void MatchPresent(Span<bool> matches)
    {
        for (int row = 0; row < matches.Length; row++)
            matches[row] = _rows[row].Length > 0;
    }

    private int CodeOf(string word)
    {
        if (!_codes.TryGetValue(word, out int code))
        {
            code = _words.Count;
            _codes.Add(word, code);
            _words.Add(word);
        }
        return code;
    }

    private static int[] Single(Dictionary<int, int[]> singles, int code)
    {
        if (!singles.TryGetValue(code, out int[]? single))
            singles.Add(code, single = [code]);
        return single;
    }
}
