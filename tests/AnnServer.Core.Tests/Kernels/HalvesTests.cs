using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

/// <summary>Rows of halves against System.Half and double precision. Runs again at each narrower register width.</summary>
public sealed unsafe class HalvesTests
{
    private const int LongestLength = 1025;

    [Fact]
    public void Widen_EveryFiniteHalf_IsItsValueToTheBit()
    {
        int compared = 0;
        for (int first = 0; first < 1 << 16; first += 16)
        {
            short[] bits = [.. Enumerable.Range(first, 16).Select(value => (short)value)];
            int[] extended = Array.ConvertAll(bits, value => (int)value);
            float[] wide = new float[16];
            float[] middle = new float[16];
            float[] narrow = new float[16];
            Halves.Widen(Vector512.Create(extended)).CopyTo(wide);
            Halves.Widen(Vector256.Create(extended)).CopyTo(middle);
            Halves.Widen(Vector256.Create(extended, 8)).CopyTo(middle, 8);
            for (int i = 0; i < 16; i += 4)
            {
                Halves.Widen(Vector128.Create(extended, i)).CopyTo(narrow, i);
            }

            for (int i = 0; i < 16; i++)
            {
                Half half = BitConverter.Int16BitsToHalf(bits[i]);
                if (Half.IsFinite(half))
                {
                    int expected = Bits((float)half);
                    Assert.Equal([expected, expected, expected], [Bits(wide[i]), Bits(middle[i]), Bits(narrow[i])]);
                    compared++;
                }
            }
        }

        // All but the infinities and what is not a number, of which a row holds none.
        Assert.Equal((1 << 16) - (2 << 10), compared);
    }

    [Fact]
    public void Distance_EveryLength_MatchesTheOracleAndHasTheBitsOfFloats()
    {
        Check<SquaredEuclidean>((a, b) => (a - b) * (a - b));
        Check<NegativeDot>((a, b) => -a * b);
    }

    [Fact]
    public void Distance_Cosine_TakesTheNormAfterTheHalves()
    {
        var random = new Random(3);
        float* distances = stackalloc float[4];
        for (int length = 16; length <= 200; length++)
        {
            // The norm is a float; behind an odd number of halves it is not aligned.
            float[] query = [.. Gaussian(random, length), 0.5f];
            Half[] row = [.. Rounded(Gaussian(random, length)), .. MemoryMarshal.Cast<float, Half>([0.25f])];
            fixed (float* q = query)
            fixed (Half* r = row)
            {
                float dot = NegativeDot.Distance(q, r, length);
                Assert.Equal(dot * (0.5f * 0.25f), NegativeCosine.Distance(q, r, length));
                NegativeCosine.Distance4(q, r, r, r, r, length, distances);
                Assert.All(new ReadOnlySpan<float>(distances, 4).ToArray(), distance => Assert.Equal(dot * (0.5f * 0.25f), distance));
            }
        }
    }

    [Fact]
    public void Distance_RowsBesideInaccessiblePages_ReadNothingElse()
    {
        var random = new Random(4);
        using var memory = new GuardedFloats(LongestLength);
        float* distances = stackalloc float[4];
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] query = Gaussian(random, length);
            Half[] row = Rounded(Gaussian(random, length));
            // Whole floats hold one half more than an odd number; it lies on the side that may be read.
            bool isOdd = length % 2 != 0;
            Half* atEnd = (Half*)memory.PlaceAtEnd(MemoryMarshal.Cast<Half, float>(isOdd ? [Half.NaN, .. row] : row)) + (isOdd ? 1 : 0);
            fixed (float* q = query)
            fixed (Half* r = row)
            {
                float expected = NegativeDot.Distance(q, r, length);
                Assert.Equal(expected, NegativeDot.Distance(q, atEnd, length));
                NegativeDot.Distance4(q, atEnd, atEnd, atEnd, atEnd, length, distances);
                Assert.Equal([expected, expected, expected, expected], new ReadOnlySpan<float>(distances, 4));
                Half* atStart = (Half*)memory.PlaceAtStart(MemoryMarshal.Cast<Half, float>(isOdd ? [.. row, Half.NaN] : row));
                Assert.Equal(expected, NegativeDot.Distance(q, atStart, length));
            }
        }
    }

    private static void Check<TKernel>(Func<double, double, double> term)
        where TKernel : struct, IDistanceKernel
    {
        var random = new Random(2);
        float* distances = stackalloc float[4];
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] query = Gaussian(random, length);
            Half[][] rows = [.. Enumerable.Range(0, 4).Select(_ => Rounded(Gaussian(random, length)))];
            fixed (float* q = query)
            fixed (Half* r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3])
            {
                TKernel.Distance4(q, r0, r1, r2, r3, length, distances);
            }

            for (int i = 0; i < rows.Length; i++)
            {
                float[] widened = Array.ConvertAll(rows[i], half => (float)half);
                double[] terms = [.. query.Zip(widened, (a, b) => term(a, b))];
                fixed (float* q = query, w = widened)
                fixed (Half* r = rows[i])
                {
                    float distance = TKernel.Distance(q, r, length);
                    Assert.Equal(Bits(TKernel.Distance(q, w, length)), Bits(distance));
                    Assert.Equal(Bits(distance), Bits(distances[i]));
                    Assert.Equal(terms.Sum(), distance, (length + 3) * terms.Sum(Math.Abs) * Math.ScaleB(1, -24));
                }
            }
        }
    }

    private static Half[] Rounded(float[] values) => Array.ConvertAll(values, value => (Half)value);

    // Of sizes that end up normal and subnormal.
    private static float[] Gaussian(Random random, int length) =>
    [
        .. Enumerable.Range(0, length).Select(_ => (float)(
            Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * (random.Next(4) == 0 ? 1e-5 : 1))),
    ];

    private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);
}
