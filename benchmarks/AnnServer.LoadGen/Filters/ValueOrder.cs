using System.Text;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>The order of attribute values: numbers as numbers, strings by their UTF-8 bytes, timestamps as instants.</summary>
internal static class ValueOrder
{
    private const double TwoTo63 = 9223372036854775808.0;

    public static bool AreEqual(Value a, Value b) => Compare(a, b) == 0;

    /// <summary>Null where the two have no order, and then every lifted comparison is false.</summary>
    public static int? Compare(Value a, Value b) => (a.KindCase, b.KindCase) switch
    {
        (Value.KindOneofCase.IntValue, Value.KindOneofCase.IntValue) => a.IntValue.CompareTo(b.IntValue),
        (Value.KindOneofCase.DoubleValue, Value.KindOneofCase.DoubleValue) => Compare(a.DoubleValue, b.DoubleValue),
        (Value.KindOneofCase.IntValue, Value.KindOneofCase.DoubleValue) => Compare(a.IntValue, b.DoubleValue),
        (Value.KindOneofCase.DoubleValue, Value.KindOneofCase.IntValue) => -Compare(b.IntValue, a.DoubleValue),
        (Value.KindOneofCase.BoolValue, Value.KindOneofCase.BoolValue) => a.BoolValue.CompareTo(b.BoolValue),
        (Value.KindOneofCase.TimestampValue, Value.KindOneofCase.TimestampValue) =>
            a.TimestampValue.ToDateTimeOffset().CompareTo(b.TimestampValue.ToDateTimeOffset()),
        (Value.KindOneofCase.StringValue, Value.KindOneofCase.StringValue) =>
            Encoding.UTF8.GetBytes(a.StringValue).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b.StringValue)),
        _ => null,
    };

    private static int? Compare(double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b);

    /// <summary>Exact: a conversion of the integer to double would round above 2^53.</summary>
    private static int? Compare(long whole, double real)
    {
        if (double.IsNaN(real))
            return null;
        if (real >= TwoTo63)
            return -1;
        if (real < -TwoTo63)
            return 1;
        double floor = Math.Floor(real);
        int order = whole.CompareTo((long)floor);
        return order == 0 && floor < real ? -1 : order;
    }
}
