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
            byte[] a = Encode(Vector(random, length), kind);
            byte[] b = Encode(Vector(random, length), kind);
            double expected = Expected(Decode(a), Decode(b), kind, out double magnitude);
            Assert.Equal(expected, Distance(a, b, kind), 1e-5 * magnitude);
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Distance4_EveryLength_IsFourTimesDistanceToTheBit(DistanceKind kind)
    {
        var random = new Random(2);
        float* distances = stackalloc float[4];
        for (int length = 1; length <= MaxLength; length += 7)
        {
            int padded = Padded(length);
            fixed (byte* query = Prepare(Encode(Vector(random, length), kind), kind), r0 = Encode(Vector(random, length), kind),
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

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    public void Distance_ExtremeCodes_SumsExactly(DistanceKind kind)
    {
        foreach (int length in (int[])[31, 32, 33, 4096, 65_536])
        {
            byte[] ones = Encode([.. Enumerable.Repeat(1f, length)], kind);
            byte[] minus = Encode([.. Enumerable.Repeat(-1f, length)], kind);
            double[] decoded = Decode(ones);
            Assert.Equal(Expected(decoded, decoded, kind, out _), Distance(ones, ones, kind), 1e-4 * length);
            Assert.Equal(Expected(decoded, Decode(minus), kind, out _), Distance(ones, minus, kind), 1e-4 * length);
        }
    }

    [Fact]
    public void Distance_VectorToItself_IsZeroUnderL2()
    {
        var random = new Random(3);
        for (int length = 1; length <= 300; length++)
        {
            byte[] row = Encode(Vector(random, length), DistanceKind.SquaredEuclidean);
            Assert.Equal(0f, Distance(row, row, DistanceKind.SquaredEuclidean));
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Encode_ZeroAndTinyAndHuge_GivesFiniteDistances(DistanceKind kind)
    {
        foreach (int length in (int[])[1, 20, 50])
        {
            byte[][] rows = [.. ((float[])[0, float.Epsilon, 1e-18f, 1e17f]).Select(value => Encode([.. Enumerable.Repeat(value, length)], kind))];
            Assert.All(rows, a => Assert.All(rows, b => Assert.True(float.IsFinite(Distance(a, b, kind)))));
        }
    }

    /// <summary>Where the bits of the weight are, a code is the nearest with that lowest bit.</summary>
    [Theory]
    [InlineData(DistanceKind.NegativeDot)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Encode_AnyVector_IsWithinHalfAStepOfIt(DistanceKind kind)
    {
        var random = new Random(4);
        for (int length = 1; length <= 200; length++)
        {
            float[] vector = Vector(random, length);
            double norm = kind == DistanceKind.NegativeCosine ? Math.Sqrt(vector.Sum(x => (double)x * x)) : 1;
            double step = vector.Max(Math.Abs) / norm / 127;
            double[] decoded = Decode(Encode(vector, kind));
            for (int i = 0; i < length; i++)
            {
                // The weight is rounded up to seven bits after the first.
                double allowed = step * (1 + (1 / 128.0)) * (i < 16 ? 1 : 0.5);
                Assert.Equal(vector[i] / norm, decoded[i], allowed + (1e-5 * 127 * step));
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
        byte[] row = new byte[Padded(vector.Length)];
        fixed (byte* pointer = row)
        {
            CodeKernel.Encode(vector, kind, pointer, row.Length);
        }

        return row;
    }

    private static byte[] Prepare(byte[] row, DistanceKind kind)
    {
        byte[] query = new byte[CodeKernel.QueryBytes(row.Length)];
        fixed (byte* codes = row, pointer = query)
        {
            CodeKernel.Prepare(codes, kind, pointer, row.Length);
        }

        return query;
    }

    private static float Distance(byte[] a, byte[] b, DistanceKind kind)
    {
        fixed (byte* query = Prepare(a, kind), row = b)
        {
            return CodeKernel.Distance(query, row, b.Length);
        }
    }

    // The weight is the upper half of a float, lowest bit in the first code.
    private static double[] Decode(byte[] row)
    {
        int bits = 0;
        for (int i = 0; i < 16; i++)
        {
            bits |= (row[i] & 1) << (16 + i);
        }

        double weight = BitConverter.Int32BitsToSingle(bits);
        return [.. row.Select(code => weight * (code - 128))];
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
                return -dot;
        }
    }
}
