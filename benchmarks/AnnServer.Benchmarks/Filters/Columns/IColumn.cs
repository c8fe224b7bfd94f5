using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Columns;

/// <summary>One attribute of every row. Its tests of conditions are written without the engine's, which are held against them.</summary>
internal interface IColumn
{
    AttributeSchema Schema { get; }

    /// <summary>The value of a row, for loading it; no value where the row has none.</summary>
    AttributeValue ValueOf(int row);

    /// <summary>Which rows have one of the values.</summary>
    void MatchAny(ImmutableArray<AttributeValue> values, Span<bool> matches);

    /// <summary>Which rows have a value within the bounds.</summary>
    void MatchRange(Predicate.Range range, Span<bool> matches);

    /// <summary>Which rows have a value.</summary>
    void MatchPresent(Span<bool> matches);
}
