using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>The order of a scroll, said anew: values first, equal ones and points without a value by identifier.</summary>
internal static class ModelScroll
{
    public static List<PointId> Order(ModelCollection model, ModelFilter? filter, string? attribute, bool descending)
    {
        List<PointId> ids = model.Matching(filter);
        ids.Sort((a, b) =>
        {
            bool hasA = Value(model, a, attribute, out AttributeValue left);
            bool hasB = Value(model, b, attribute, out AttributeValue right);
            if (hasA != hasB)
            {
                return hasA ? -1 : 1;
            }

            int order = hasA ? Compare(left, right) : 0;
            return order != 0 ? (descending ? -order : order) : CompareIds(a, b);
        });
        return ids;
    }

    private static bool Value(ModelCollection model, PointId id, string? attribute, out AttributeValue value)
    {
        value = default;
        return attribute is not null
            && model.Points[id].Attributes.TryGetValue(attribute, out value)
            && value.Kind is not (AttributeKind.StringList or AttributeKind.Int64List);
    }

    private static int Compare(AttributeValue left, AttributeValue right) => left.Kind switch
    {
        AttributeKind.String => Encoding.UTF8.GetBytes(left.AsString()).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right.AsString())),
        AttributeKind.Int64 => left.AsInt64().CompareTo(right.AsInt64()),
        AttributeKind.Timestamp => left.AsTimestamp().CompareTo(right.AsTimestamp()),
        AttributeKind.Double => left.AsDouble().CompareTo(right.AsDouble()),
        _ => left.AsBool().CompareTo(right.AsBool()),
    };

    private static int CompareIds(PointId left, PointId right) => (left.Key, right.Key) switch
    {
        (null, null) => left.Number.CompareTo(right.Number),
        (null, _) => -1,
        (_, null) => 1,
        _ => string.CompareOrdinal(left.Key, right.Key),
    };
}
