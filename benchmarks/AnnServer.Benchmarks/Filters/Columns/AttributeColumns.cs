using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Columns;

/// <summary>The attributes of all rows, and which rows satisfy a predicate.</summary>
internal sealed class AttributeColumns(int rows, IEnumerable<IColumn> columns)
{
    private readonly Dictionary<string, IColumn> _columns =
        columns.ToDictionary(column => column.Schema.Name, StringComparer.Ordinal);

    public int Rows => rows;

    public IReadOnlyList<AttributeSchema> Schemas => [.. _columns.Values.Select(column => column.Schema)];

    public Dictionary<string, AttributeValue> ValuesOf(int row)
    {
        Dictionary<string, AttributeValue> values = new(_columns.Count, StringComparer.Ordinal);
        foreach ((string name, IColumn column) in _columns)
        {
            if (column.ValueOf(row) is { Kind: not AttributeKind.None } value)
                values.Add(name, value);
        }
        return values;
    }

    public bool[] Matching(Predicate predicate)
    {
        bool[] matches = new bool[rows];
        Match(predicate, matches);
        return matches;
    }

    private void Match(Predicate predicate, bool[] matches)
    {
        switch (predicate)
        {
            case Predicate.And and:
                Combine(and.Operands, matches, static (a, b, both) => TensorPrimitives.BitwiseAnd(a, b, both));
                break;
            case Predicate.Or or:
                Combine(or.Operands, matches, static (a, b, either) => TensorPrimitives.BitwiseOr(a, b, either));
                break;
            case Predicate.Not not:
                Match(not.Operand, matches);
                TensorPrimitives.Xor<byte>(Bytes(matches), 1, Bytes(matches));
                break;
            case Predicate.Eq eq:
                _columns[eq.Attribute].MatchAny([eq.Value], matches);
                break;
            case Predicate.In within:
                _columns[within.Attribute].MatchAny(within.Values, matches);
                break;
            case Predicate.Range range:
                _columns[range.Attribute].MatchRange(range, matches);
                break;
            case Predicate.Exists exists:
                _columns[exists.Attribute].MatchPresent(matches);
                break;
            default:
                throw new NotSupportedException($"The laboratory has no {predicate.GetType().Name}.");
        }
    }

    private void Combine(ImmutableArray<Predicate> operands, bool[] matches, Combination combine)
    {
        Match(operands[0], matches);
        bool[] other = new bool[rows];
        foreach (Predicate operand in operands[1..])
        {
            Match(operand, other);
            combine(Bytes(matches), Bytes(other), Bytes(matches));
        }
    }

    private static Span<byte> Bytes(bool[] flags) => MemoryMarshal.AsBytes(flags.AsSpan());

    private delegate void Combination(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> result);
}
