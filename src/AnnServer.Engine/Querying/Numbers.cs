using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>Numbers as filters see them: int64 and double are one ordered set, compared exactly.</summary>
internal static class Numbers
{
    private const double TwoTo63 = 9223372036854775808.0;

    public static bool TryToInt64(double value, out long integer)
    {
        if (value >= -TwoTo63 && value < TwoTo63 && Math.Floor(value) == value)
        {
            integer = (long)value;
            return true;
        }

        integer = 0;
        return false;
    }

    public static int Compare(AttributeValue left, AttributeValue right) => (left.Kind, right.Kind) switch
    {
        (AttributeKind.Int64, AttributeKind.Int64) => left.AsInt64().CompareTo(right.AsInt64()),
        (AttributeKind.Double, AttributeKind.Double) => left.AsDouble().CompareTo(right.AsDouble()),
        (AttributeKind.Double, _) => Compare(left.AsDouble(), right.AsInt64()),
        _ => -Compare(right.AsDouble(), left.AsInt64()),
    };

    private static int Compare(double left, long right)
    {
        if (left >= TwoTo63)
        {
            return 1;
        }

        if (left < -TwoTo63)
        {
            return -1;
        }

        double whole = Math.Floor(left);
        int order = ((long)whole).CompareTo(right);
        return order != 0 ? order : left > whole ? 1 : 0;
    }
}
