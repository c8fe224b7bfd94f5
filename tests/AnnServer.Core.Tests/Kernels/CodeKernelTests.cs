using AnnServer.Core.Graph;
using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

/// <summary>Codes and their distances against double precision. Runs again at each narrower register width.</summary>
public sealed unsafe class CodeKernelTests
{
    private const int MaxLength = 1025;

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Distance_EveryLength_IsThatOfTheDecodedVectors(DistanceKind kind)
    {
        var random = new Random(1);
        for (int length = 1; length <= MaxLength; length++)
        {
            float[] a = Vector(random, length);
            float[] b = Vector(random, length);
            fixed (byte* rowA = Encode(a, kind), rowB = Encode(b, kind))
            {
                int padded = Padded(length);
                double expected = Expected(Decode(a, rowA), Decode(b, rowB), kind, out double magnitude);
                Assert.Equal(expected, CodeKernel.Distance(rowA, rowB, padded), 1e-5 * magnitude);
            }
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    public void Distance4_EveryLength_IsFourTimesDistanceToTheBit(DistanceKind kind)
    {
        var random = new Random(2);
        float* distances = stackalloc float[4];
        for (int length = 1; length <= MaxLength; length += 7)
        {
            int padded = Padded(length);
            fixed (byte* query = Encode(Vector(random, length), kind), r0 = Encode(Vector(random, length), kind),
                r1 = Encode(Vector(random, length), kind), r2 = Encode(Vector(random, length), kind), r3 = Encode(Vector(random, length), kind))
            {
                CodeKernel.Distance4(query, r0, r1, r2, r3, padded, distances);
                Assert.Equal(CodeKernel.Distance(query, r0, padded), distances[0]);
                Assert.Equal(CodeKernel.Distance(query, r1, padded), distances[1]);
                Assert.Equal(CodeKernel.Distance(query, r2, padded), distances[2]);
                Assert.Equal(CodeKernel.Distance(query, r3, padded), distances[3]);
            }
        }
    }

    [Fact]
    public void Distance_ExtremeCodes_SumsExactly()
    {
        foreach (int length in (int[])[31, 32, 33, 4096, 65_536])
        {
            float[] ones = [.. Enumerable.Repeat(1f, length)];
            float[] minus = [.. Enumerable.Repeat(-1f, length)];
            fixed (byte* a = Encode(ones, DistanceKind.NegativeDot), b = Encode(minus, DistanceKind.NegativeDot))
            {
                Assert.Equal(-length, CodeKernel.Distance(a, a, Padded(length)), 1e-4 * length);
                Assert.Equal(length, CodeKernel.Distance(a, b, Padded(length)), 1e-4 * length);
            }
        }
    }

    [Fact]
    public void Distance_VectorToItself_IsZeroUnderL2()
    {
        var random = new Random(3);
        for (int length = 1; length <= 300; length++)
        {
            fixed (byte* row = Encode(Vector(random, length), DistanceKind.SquaredEuclidean))
            {
                Assert.Equal(0f, CodeKernel.Distance(row, row, Padded(length)));
            }
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Encode_ZeroAndTinyAndHuge_GivesFiniteDistances(DistanceKind kind)
    {
        float[][] vectors = [new float[20], [.. Enumerable.Repeat(1e-18f, 20)], [.. Enumerable.Repeat(1e17f, 20)]];
        foreach (float[] first in vectors)
        {
            foreach (float[] second in vectors)
            {
                fixed (byte* a = Encode(first, kind), b = Encode(second, kind))
                {
                    Assert.True(float.IsFinite(CodeKernel.Distance(a, b, Padded(20))));
                }
            }
        }
    }

    [Fact]
    public void Encode_AnyVector_IsWithinHalfAStepOfIt()
    {
        var random = new Random(4);
        for (int length = 1; length <= 200; length++)
        {
            float[] vector = Vector(random, length);
            float step = vector.Max(Math.Abs) / 127;
            fixed (byte* row = Encode(vector, DistanceKind.NegativeDot))
            {
                double[] decoded = Decode(vector, row);
                Assert.All(vector.Zip(decoded), pair => Assert.Equal(pair.First, pair.Second, (step / 2) + (1e-6 * 127 * step)));
            }
        }
    }

    private static int Padded(int length) => (length + CodeKernel.Granularity - 1) / CodeKernel.Granularity * CodeKernel.Granularity;

    private static float[] Vector(Random random, int length)
    {
        float scale = MathF.Pow(10, random.Next(-4, 5));
        return [.. Enumerable.Range(0, length).Select(_ => scale * (float)((random.NextDouble() * 2) - 1))];
    }

    private static byte[] Encode(float[] vector, DistanceKind kind)
    {
        int padded = Padded(vector.Length);
        byte[] row = new byte[padded + CodeKernel.HeaderBytes];
        fixed (byte* pointer = row)
        {
            CodeKernel.Encode(vector, kind, pointer, padded);
        }

        return row;
    }

    // The step is the largest element over 127, whatever the header makes of it.
    private static double[] Decode(float[] vector, byte* row)
    {
        double step = vector.Max(Math.Abs) / 127.0;
        double[] decoded = new double[vector.Length];
        for (int i = 0; i < decoded.Length; i++)
        {
            decoded[i] = step * (row[i] - 128);
        }

        return decoded;
    }

    private static double Expected(double[] a, double[] b, DistanceKind kind, out double magnitude)
    {
        double dot = a.Zip(b, (x, y) => x * y).Sum();
        double squaresA = a.Sum(x => x * x);
        double squaresB = b.Sum(x => x * x);
        switch (kind)
        {
            case DistanceKind.SquaredEuclidean:
                magnitude = squaresA + squaresB;
                return squaresA + squaresB - (2 * dot);
            case DistanceKind.NegativeDot:
                magnitude = Math.Sqrt(squaresA * squaresB);
                return -dot;
            default:
                magnitude = 1;
                return -dot / Math.Sqrt(squaresA * squaresB);
        }
    }
}
