using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Checks a filter against the declared attributes and the limits, and brings it into canonical form.</summary>
internal sealed class FilterBinder(
    IReadOnlyList<AttributeSchema> schemas, EngineLimits limits, FilterLocation location, Faults faults)
{
    private int _terms;
    private bool _isSound = true;

    /// <summary>The canonical predicate, or null when there was a fault.</summary>
    public Predicate? Bind(Predicate root)
    {
        Predicate? bound = Bind(root, FilterLocation.TreeField, 1);
        if (_terms > limits.MaxFilterTerms)
        {
            string field = location.Columns is null ? FilterLocation.TreeField : FilterLocation.ExpressionField;
            faults.Add(field, $"it has more than {limits.MaxFilterTerms} terms");
            _isSound = false;
        }

        return _isSound ? bound : null;
    }

    private Predicate? Bind(Predicate? node, string path, int depth)
    {
        if (node is null)
        {
            faults.Add(path, "there is no predicate");
            _isSound = false;
            return null;
        }

        // An expression's nesting is limited by its parser, where one parenthesis makes up to three nodes.
        if (location.Columns is null && depth > limits.MaxFilterDepth)
        {
            return Refuse(node, path, "", $"it is nested deeper than {limits.MaxFilterDepth} levels");
        }

        switch (node)
        {
            case Predicate.And and:
                return BindAll(node, and.Operands, path + ".and", depth) is { } all ? Canonical.And(all, IsScalar) : null;
            case Predicate.Or or:
                return BindAll(node, or.Operands, path + ".or", depth) is { } any ? Canonical.Or(any) : null;
            case Predicate.Not not:
                return Bind(not.Operand, path + ".not", depth + 1) is { } operand ? Canonical.Not(operand) : null;
            case Predicate.Eq eq:
                return BindComparison(node, eq.Attribute, eq.Value, path, ".eq");
            case Predicate.Contains contains:
                return BindComparison(node, contains.Attribute, contains.Value, path, ".contains");
            case Predicate.Ne ne:
                return BindComparison(node, ne.Attribute, ne.Value, path, ".ne") is { } equal
                    ? Canonical.And([new Predicate.Exists(ne.Attribute), Canonical.Not(equal)], IsScalar)
                    : null;
            case Predicate.In set:
                return BindSet(set, path);
            case Predicate.Range range:
                return BindRange(range, path);
            case Predicate.Exists exists:
                _terms++;
                return CheckName(node, exists.Attribute, path, ".exists") ? exists : null;
            case Predicate.IsNull isNull:
                _terms++;
                return CheckName(node, isNull.Attribute, path, ".is_null") ? Canonical.Not(new Predicate.Exists(isNull.Attribute)) : null;
            case Predicate.Prefix prefix:
                return BindPrefix(prefix, path);
            case Predicate.TextMatch text:
                return BindText(text, path);
            case Predicate.GeoRadius radius:
                return BindRadius(radius, path);
            case Predicate.GeoBox box:
                return BindBox(box, path);
            case Predicate.Ids ids:
                return BindIds(ids, path);
            default:
                throw new ArgumentException($"There is no binding for {node.GetType().Name}.", nameof(node));
        }
    }

    private List<Predicate>? BindAll(Predicate node, ImmutableArray<Predicate> operands, string path, int depth)
    {
        if (operands.IsDefaultOrEmpty)
        {
            Refuse(node, path, ".predicates", "it needs at least one predicate");
            return null;
        }

        List<Predicate> bound = new(operands.Length);
        for (int i = 0; i < operands.Length && _terms <= limits.MaxFilterTerms; i++)
        {
            if (Bind(operands[i], $"{path}.predicates[{i}]", depth + 1) is { } operand)
            {
                bound.Add(operand);
            }
        }

        return bound.Count == operands.Length ? bound : null;
    }

    private Predicate? BindComparison(Predicate node, string attribute, AttributeValue value, string path, string form)
    {
        _terms++;
        List<AttributeValue> values = [];
        bool isNamed = CheckName(node, attribute, path, form + ".attribute");
        return isNamed && BindValue(node, attribute, value, values, path, form + ".value") ? Canonical.In(attribute, values) : null;
    }

    private Predicate? BindSet(Predicate.In set, string path)
    {
        if (!CheckName(set, set.Attribute, path, ".in.attribute"))
        {
            return null;
        }

        if (set.Values.IsDefaultOrEmpty)
        {
            return Refuse(set, path, ".in.values", "it needs at least one value");
        }

        _terms += set.Values.Length;
        bool isSound = _terms <= limits.MaxFilterTerms;
        List<AttributeValue> values = [];
        for (int i = 0; i < set.Values.Length && _terms <= limits.MaxFilterTerms; i++)
        {
            isSound &= BindValue(set, set.Attribute, set.Values[i], values, path, $".in.values[{i}]");
        }

        return isSound ? Canonical.In(set.Attribute, values) : null;
    }

    private bool BindValue(
        Predicate node, string attribute, AttributeValue value, List<AttributeValue> values, string path, string field)
    {
        AttributeType? declared = TypeOf(attribute);
        if (OperandBinder.Bind(declared, attribute, ref value) is string fault)
        {
            Refuse(node, path, field, fault);
            return false;
        }

        values.Add(value);
        if (declared is null && OperandBinder.TryReadAsTime(value, out AttributeValue instant))
        {
            values.Add(instant);
        }

        return true;
    }

    private Predicate? BindRange(Predicate.Range range, string path)
    {
        _terms++;
        if (!CheckName(range, range.Attribute, path, ".range.attribute"))
        {
            return null;
        }

        if (range.Lower.IsOpen && range.Upper.IsOpen)
        {
            return Refuse(range, path, ".range", "it needs at least one of gt, gte, lt and lte");
        }

        AttributeType? declared = TypeOf(range.Attribute);
        bool isSound = BindBound(range, range.Lower, declared, path, range.Lower.Inclusive ? ".range.gte" : ".range.gt", out Predicate.Bound lower);
        isSound &= BindBound(range, range.Upper, declared, path, range.Upper.Inclusive ? ".range.lte" : ".range.lt", out Predicate.Bound upper);
        if (!isSound)
        {
            return null;
        }

        if (!lower.IsOpen && !upper.IsOpen && !AreComparable(lower.Value.Kind, upper.Value.Kind))
        {
            return Refuse(
                range, path, ".range", $"its bounds are {TypeNames.Of(lower.Value.Kind)} and {TypeNames.Of(upper.Value.Kind)}");
        }

        if (declared is AttributeType.Int64 or AttributeType.Int64List)
        {
            return Canonical.IntegerRange(range.Attribute, lower, upper);
        }

        Predicate bound = Canonical.Range(range.Attribute, lower, upper);
        return declared is null && TryReadAsTimes(lower, upper, out Predicate.Bound from, out Predicate.Bound to)
            ? Canonical.Or([bound, Canonical.Range(range.Attribute, from, to)])
            : bound;
    }

    private bool BindBound(
        Predicate node, Predicate.Bound given, AttributeType? declared, string path, string field, out Predicate.Bound bound)
    {
        bound = given;
        if (given.IsOpen)
        {
            return true;
        }

        AttributeValue value = given.Value;
        string attribute = ((Predicate.Range)node).Attribute;
        string? fault = OperandBinder.Bind(declared, attribute, ref value);
        if (fault is null && value.Kind == AttributeKind.Bool)
        {
            fault = "truth values have no order";
        }

        if (fault is not null)
        {
            Refuse(node, path, field, fault);
            return false;
        }

        bound = given with { Value = value };
        return true;
    }

    private Predicate? BindPrefix(Predicate.Prefix prefix, string path)
    {
        _terms++;
        if (!CheckName(prefix, prefix.Attribute, path, ".prefix.attribute"))
        {
            return null;
        }

        string? fault = OperandBinder.StringFault(TypeOf(prefix.Attribute), prefix.Attribute, prefix.Value)
            ?? (prefix.Value.Length == 0 ? "the prefix is empty, which every string begins with; exists asks whether there is a value" : null);
        return fault is null ? prefix : Refuse(prefix, path, ".prefix.value", fault);
    }

    private Predicate? BindText(Predicate.TextMatch text, string path)
    {
        if (!CheckName(text, text.Attribute, path, ".text_match.attribute"))
        {
            return null;
        }

        if (OperandBinder.StringFault(TypeOf(text.Attribute), text.Attribute, text.Query) is string fault)
        {
            return Refuse(text, path, ".text_match.query", fault);
        }

        List<TextToken> tokens = TextQuery.Read(text.Query);
        _terms += tokens.Count;
        return tokens.Count == 0 ? Refuse(text, path, ".text_match.query", "it has no token to look for: no letter and no digit")
            : tokens.Count > limits.MaxTextQueryTokens
                ? Refuse(text, path, ".text_match.query", $"it has {tokens.Count} tokens; the limit is {limits.MaxTextQueryTokens}")
            : Canonical.TextMatch(text.Attribute, tokens, text.Mode);
    }

    private Predicate? BindRadius(Predicate.GeoRadius radius, string path)
    {
        const string Form = ".geo_radius";
        _terms++;
        bool isSound = CheckName(radius, radius.Attribute, path, Form + ".attribute") && CheckIsPlace(radius, radius.Attribute, path, Form)
            & CheckPlace(radius, radius.Center, "the center", path, Form + ".center");
        if (!double.IsFinite(radius.Meters) || radius.Meters < 0)
        {
            return Refuse(radius, path, Form + ".meters", $"the radius is {radius.Meters}; a finite number of meters from 0 on is allowed");
        }

        return isSound ? Canonical.GeoRadius(radius.Attribute, radius.Center, radius.Meters) : null;
    }

    private Predicate? BindBox(Predicate.GeoBox box, string path)
    {
        const string Form = ".geo_box";
        _terms++;
        bool isSound = CheckName(box, box.Attribute, path, Form + ".attribute") && CheckIsPlace(box, box.Attribute, path, Form)
            & CheckPlace(box, box.SouthWest, "the south-west corner", path, Form + ".south_west")
            & CheckPlace(box, box.NorthEast, "the north-east corner", path, Form + ".north_east");
        if (isSound && box.SouthWest.Latitude > box.NorthEast.Latitude)
        {
            return Refuse(
                box, path, Form, $"the south, {box.SouthWest.Latitude}, is north of the north, {box.NorthEast.Latitude}");
        }

        return isSound ? Canonical.GeoBox(box.Attribute, box.SouthWest, box.NorthEast) : null;
    }

    private bool CheckIsPlace(Predicate node, string attribute, string path, string form)
    {
        if (TypeOf(attribute) is not AttributeType type || type == AttributeType.GeoPoint)
        {
            return true;
        }

        Refuse(node, path, form + ".attribute", $"{attribute} is declared {TypeNames.Of(type)}, but a place on the earth is asked for");
        return false;
    }

    private bool CheckPlace(Predicate node, GeoPoint place, string what, string path, string field)
    {
        if (place.Fault is not string fault)
        {
            return true;
        }

        Refuse(node, path, field, $"{what} {fault}");
        return false;
    }

    private Predicate? BindIds(Predicate.Ids ids, string path)
    {
        if (ids.Values.IsDefaultOrEmpty)
        {
            return Refuse(ids, path, ".ids.ids", "it needs at least one identifier");
        }

        _terms += ids.Values.Length;
        if (_terms > limits.MaxFilterTerms)
        {
            return null;
        }

        for (int i = 0; i < ids.Values.Length; i++)
        {
            if (!ids.Values[i].IsSet)
            {
                return Refuse(ids, path, $".ids.ids[{i}]", "it names no point");
            }
        }

        return Canonical.Ids(ids.Values);
    }

    private bool CheckName(Predicate node, string attribute, string path, string field)
    {
        if (AttributeNames.IsValid(attribute))
        {
            return true;
        }

        Refuse(node, path, field, AttributeNames.Rule);
        return false;
    }

    private Predicate? Refuse(Predicate node, string path, string field, string description)
    {
        location.Report(faults, node, path, field, description);
        _isSound = false;
        return null;
    }

    private AttributeType? TypeOf(string attribute)
    {
        for (int i = 0; i < schemas.Count; i++)
        {
            if (string.Equals(schemas[i].Name, attribute, StringComparison.Ordinal))
            {
                return schemas[i].Type;
            }
        }

        return null;
    }

    private bool IsScalar(string attribute) =>
        TypeOf(attribute) is AttributeType type && type is not (AttributeType.KeywordList or AttributeType.Int64List);

    private static bool TryReadAsTimes(Predicate.Bound lower, Predicate.Bound upper, out Predicate.Bound from, out Predicate.Bound to)
    {
        bool hasFrom = OperandBinder.TryReadAsTime(lower.Value, out AttributeValue start);
        bool hasTo = OperandBinder.TryReadAsTime(upper.Value, out AttributeValue end);
        from = new Predicate.Bound(start, lower.Inclusive);
        to = new Predicate.Bound(end, upper.Inclusive);
        return (hasFrom || lower.IsOpen) && (hasTo || upper.IsOpen);
    }

    private static bool AreComparable(AttributeKind left, AttributeKind right) =>
        left == right || (left is AttributeKind.Int64 or AttributeKind.Double && right is AttributeKind.Int64 or AttributeKind.Double);
}
