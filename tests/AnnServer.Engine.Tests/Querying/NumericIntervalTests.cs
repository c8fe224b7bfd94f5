using System.Numerics;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

public sealed class NumericIntervalTests
{
    private static readonly long[] Integers =
    [
        0, 1, -1, 5, (1L << 53) - 1, 1L << 53, (1L << 53) + 1, (1L << 53) + 2, -(1L << 53) - 1,
        long.MaxValue, long.MaxValue - 1, long.MaxValue - 1024, long.MinValue, long.MinValue + 1,
    ];

    private static readonly double[] Doubles =
    [
        0, -0.0, 0.5, -0.5, 1, 4.75, 9007199254740992, 9007199254740994, -9007199254740994,
        9223372036854775808.0, 9223372036854774784.0, -9223372036854775808.0, -9223372036854777856.0, 1e19, -1e19,
    ];

    [Fact]
    public void Contains_EveryPairOfBoundsAndValues_AgreesWithExactFractions()
    {
        AttributeValue[] values = [.. Integers.Select(AttributeValue.Of), .. Doubles.Select(AttributeValue.Of)];
        foreach (AttributeValue low in values)
        {
            foreach (AttributeValue high in values)
            {
                for (int inclusive = 0; inclusive < 4; inclusive++)
                {
                    Check(values, new(low, (inclusive & 1) != 0), new(high, (inclusive & 2) != 0));
                }
            }

            Check(values, new(low, true), default);
            Check(values, new(low, false), default);
            Check(values, default, new(low, true));
            Check(values, default, new(low, false));
        }
    }

    private static void Check(AttributeValue[] values, Predicate.Bound lower, Predicate.Bound upper)
    {
        NumericInterval interval = NumericInterval.Of(lower, upper);
        foreach (AttributeValue value in values)
        {
            bool contains = value.Kind == AttributeKind.Int64 ? interval.Contains(value.AsInt64()) : interval.Contains(value.AsDouble());
            BigInteger exact = Quarters(value);
            bool above = lower.IsOpen || exact > Quarters(lower.Value) || (lower.Inclusive && exact == Quarters(lower.Value));
            bool below = upper.IsOpen || exact < Quarters(upper.Value) || (upper.Inclusive && exact == Quarters(upper.Value));
            Assert.Equal(above && below, contains);
        }
    }

    private static BigInteger Quarters(AttributeValue value) =>
        value.Kind == AttributeKind.Int64 ? value.AsInt64() * new BigInteger(4) : new BigInteger(value.AsDouble() * 4);
}
