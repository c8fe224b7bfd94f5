using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>
/// A range of numbers, made of mixed bounds, as two closed intervals that admit exactly the int64 and the double values within
/// it. An empty interval has its low above its high.
/// </summary>
internal readonly record struct NumericInterval(long LowInt64, long HighInt64, double LowDouble, double HighDouble)
{
    // 2^63 as a double: the first above every int64.
    private const double TwoTo63 = 9223372036854775808.0;

    private static readonly NumericInterval Everything =
        new(long.MinValue, long.MaxValue, double.NegativeInfinity, double.PositiveInfinity);

    public static NumericInterval Of(Predicate.Bound lower, Predicate.Bound upper)
    {
        NumericInterval interval = Everything;
        if (!lower.IsOpen)
        {
            interval = lower.Value.Kind == AttributeKind.Int64
                ? interval.Above(lower.Value.AsInt64(), lower.Inclusive)
                : interval.Above(lower.Value.AsDouble(), lower.Inclusive);
        }

        if (!upper.IsOpen)
        {
            interval = upper.Value.Kind == AttributeKind.Int64
                ? interval.Below(upper.Value.AsInt64(), upper.Inclusive)
                : interval.Below(upper.Value.AsDouble(), upper.Inclusive);
        }

        return interval.LowInt64 > interval.HighInt64 ? interval with { LowInt64 = 1, HighInt64 = 0 } : interval;
    }

    public bool Contains(long value) => value >= LowInt64 && value <= HighInt64;

    public bool Contains(double value) => value >= LowDouble && value <= HighDouble;

    private NumericInterval Above(long bound, bool inclusive)
    {
        // The conversion rounds to the nearest double, so no double lies strictly between the bound and its image.
        double image = bound;
        bool imageIsIn = inclusive ? CompareToInt64(image, bound) >= 0 : CompareToInt64(image, bound) > 0;
        NumericInterval result = this with { LowDouble = imageIsIn ? image : Math.BitIncrement(image) };
        return inclusive ? result with { LowInt64 = bound }
            : bound < long.MaxValue ? result with { LowInt64 = bound + 1 }
            : result with { LowInt64 = 1, HighInt64 = 0 };
    }

    private NumericInterval Below(long bound, bool inclusive)
    {
        double image = bound;
        bool imageIsIn = inclusive ? CompareToInt64(image, bound) <= 0 : CompareToInt64(image, bound) < 0;
        NumericInterval result = this with { HighDouble = imageIsIn ? image : Math.BitDecrement(image) };
        return inclusive ? result with { HighInt64 = Math.Min(HighInt64, bound) }
            : bound > long.MinValue ? result with { HighInt64 = Math.Min(HighInt64, bound - 1) }
            : result with { LowInt64 = 1, HighInt64 = 0 };
    }

    private NumericInterval Above(double bound, bool inclusive)
    {
        NumericInterval result = this with { LowDouble = inclusive ? bound : Math.BitIncrement(bound) };
        double first = Math.Ceiling(bound);
        if (first < -TwoTo63)
        {
            return result;
        }

        if (first >= TwoTo63)
        {
            return result with { LowInt64 = 1, HighInt64 = 0 };
        }

        // One is added as an integer: beyond 2^53 a double would lose it. Doubles end at 2^63 - 1024, so it cannot overflow.
        return result with { LowInt64 = !inclusive && first == bound ? (long)first + 1 : (long)first };
    }

    private NumericInterval Below(double bound, bool inclusive)
    {
        NumericInterval result = this with { HighDouble = inclusive ? bound : Math.BitDecrement(bound) };
        double last = Math.Floor(bound);
        if (last >= TwoTo63)
        {
            return result;
        }

        bool excluded = !inclusive && last == bound;
        if (last < -TwoTo63 || (excluded && last == -TwoTo63))
        {
            return result with { LowInt64 = 1, HighInt64 = 0 };
        }

        return result with { HighInt64 = Math.Min(HighInt64, excluded ? (long)last - 1 : (long)last) };
    }

    private static int CompareToInt64(double value, long other) => value >= TwoTo63 ? 1 : ((long)value).CompareTo(other);
}
