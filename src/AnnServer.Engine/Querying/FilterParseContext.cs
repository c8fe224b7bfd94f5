using AnnServer.Engine.Model;
using Parlot;
using Parlot.Fluent;

namespace AnnServer.Engine.Querying;

/// <summary>The state of one parse: nesting and terms so far, and where each leaf stands.</summary>
internal sealed class FilterParseContext(string text, EngineLimits limits)
    : ParseContext(new Scanner(text), maxRecursionDepth: RecursionPerLevel * (limits.MaxFilterDepth + 1), false, false, CancellationToken.None)
{
    // A parenthesis enters one recursive parser; the margin leaves the message about depth to Open.
    private const int RecursionPerLevel = 2;

    private readonly Dictionary<Predicate, int> _columns = new(ReferenceEqualityComparer.Instance);
    private int _depth;
    private int _terms;

    /// <summary>Columns of the leaves, from 1, by reference.</summary>
    public IReadOnlyDictionary<Predicate, int> Columns => _columns;

    public string Text { get; } = text;

    /// <summary>Counts an opening parenthesis, which ends at the offset.</summary>
    public void Open(int end)
    {
        if (++_depth > limits.MaxFilterDepth)
        {
            throw At(end - 1, $"parentheses are nested deeper than {limits.MaxFilterDepth} levels");
        }
    }

    public void Close() => _depth--;

    /// <summary>Counts a leaf and notes where it stands.</summary>
    public Predicate Leaf(Predicate leaf, int offset)
    {
        if (++_terms > limits.MaxFilterTerms)
        {
            throw At(offset, $"there are more than {limits.MaxFilterTerms} terms");
        }

        _columns.Add(leaf, offset + 1);
        return leaf;
    }

    /// <summary>The fault that ends the parse.</summary>
    public static ParseException At(int offset, string message) => new(message, new TextPosition(offset, 1, offset + 1));
}
