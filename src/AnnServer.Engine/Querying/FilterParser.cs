using System.Diagnostics.CodeAnalysis;
using AnnServer.Engine.Model;
using Parlot;

namespace AnnServer.Engine.Querying;

/// <summary>Reads filter expressions; a fault names the column, from 1, and what was expected there.</summary>
internal static class FilterParser
{
    /// <param name="text">The expression; not blank.</param>
    /// <param name="limits">Bounds on length, nesting and terms.</param>
    /// <param name="faults">Takes the fault.</param>
    /// <param name="predicate">The tree as it was written.</param>
    /// <param name="location">Where its leaves stand.</param>
    public static bool TryParse(
        string text,
        EngineLimits limits,
        Faults faults,
        [NotNullWhen(true)] out Predicate? predicate,
        [NotNullWhen(true)] out FilterLocation? location)
    {
        predicate = null;
        location = null;
        if (text.Length > limits.MaxFilterExpressionLength)
        {
            faults.Add(
                FilterLocation.ExpressionField,
                $"it is {text.Length} characters long; the limit is {limits.MaxFilterExpressionLength}");
            return false;
        }

        FilterParseContext context = new(text, limits);
        if (FilterGrammar.Expression.TryParse(context, out Predicate? parsed, out ParseError? error))
        {
            predicate = parsed;
            location = new FilterLocation(context.Columns);
            return true;
        }

        faults.Add(FilterLocation.ExpressionField, $"column {ColumnOf(text, error?.Position.Offset ?? 0)}: {error?.Message ?? "this is no filter"}");
        return false;
    }

    /// <summary>The column of the first token at or after the offset: that is what was not expected.</summary>
    private static int ColumnOf(string text, int offset)
    {
        while (offset < text.Length && char.IsWhiteSpace(text[offset]))
        {
            offset++;
        }

        return offset + 1;
    }
}
