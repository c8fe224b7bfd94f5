using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Columns;

/// <summary>Numbers or Booleans. Integers are kept as doubles, which hold those below 2^53: data sets have no others.</summary>
/// <param name="values">Not a number where a row has no value.</param>
internal sealed class NumberColumn(string name, AttributeType type, double[] values) : IColumn
{
    public AttributeSchema Schema { get; } = new(name, type);

    public AttributeValue ValueOf(int row) => (double.IsNaN(values[row]), Schema.Type) switch
    {
        (true, _) => default,
        (_, AttributeType.Int64) => AttributeValue.Of((long)values[row]),
        (_, AttributeType.Bool) => AttributeValue.Of(values[row] != 0),
        _ => AttributeValue.Of(values[row]),
    };

    public void MatchAny(ImmutableArray<AttributeValue> wanted, Span<bool> matches)
    {
        HashSet<double> numbers = [.. wanted.Select(Number)];
        for (int row = 0; row < matches.Length; row++)
            matches[row] = numbers.Contains(values[row]);
    }

    public void MatchRange(Predicate.Range range, Span<bool> matches)
    {
        double low = range.Lower.IsOpen ? double.NegativeInfinity : Number(range.Lower.Value);
        double high = range.Upper.IsOpen ? double.PositiveInfinity : Number(range.Upper.Value);
        if (!range.Lower.IsOpen && !range.Lower.Inclusive)
            low = Math.BitIncrement(low);
        if (!range.Upper.IsOpen && !range.Upper.Inclusive)
            high = Math.BitDecrement(high);
        for (int row = 0; row < matches.Length; row++)
            matches[row] = values[row] >= low & values[row] <= high;
    }

    public void MatchPresent(Span<bool> matches)
    {
        for (int row = 0; row < matches.Length; row++)
            matches[row] = !double.IsNaN(values[row]);
    }

    private static double Number(AttributeValue value) => value.Kind switch
    {
        AttributeKind.Int64 => value.AsInt64(),
        AttributeKind.Double => value.AsDouble(),
        AttributeKind.Bool => value.AsBool() ? 1 : 0,
        _ => throw new NotSupportedException($"A number cannot be compared with a value of kind {value.Kind}."),
    };
}
