using AnnServer.Core.Graph;
using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

/// <summary>4-bit codes and their distances against double precision. Runs again at each narrower register width.</summary>
public sealed unsafe class NibbleKernelTests
{
    private const int MaxLength = 1088;

    // What codes lose of a row's products and square on average is made up for where the query is a vector.
    private const double Undistorted = 1 / (1 - 0.01154);

    public static TheoryData<DistanceKind> Kinds { get; } = new(Enum.GetValues<DistanceKind>());

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Distance_QueryAndRow_IsThatOfTheDecodedVectors(DistanceKind kind)
    {
        var random = new Random(1);
        for (int length = 64; length <= MaxLength; length += 64)
        {
            float[] vector = Vector(random, length);
            byte[] row = Encode(Vector(random, length));
            double expected = Expected(DecodeQuery(vector), Decode(row), kind, out double magnitude, Undistorted);
            Assert.Equal(expected, Distance(Prepare(vector, kind), row), 1e-5 * magnitude);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Distance_TwoRows_IsThatOfTheDecodedVectors(DistanceKind kind)
    {
        var random = new Random(2);
        for (int length = 64; length <= MaxLength; length += 64)
        {
            byte[] a = Encode(Vector(random, length));
            byte[] b = Encode(Vector(random, length));
            double expected = Expected(Decode(a), Decode(b), kind, out double magnitude);
            Assert.Equal(expected, Distance(PrepareRow(a, kind), b), 1e-5 * magnitude);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Distance4_EveryLength_IsFourTimesDistanceToTheBit(DistanceKind kind)
    {
        var random = new Random(3);
        float* distances = stackalloc float[4];
        for (int length = 64; length <= MaxLength; length += 64)
        {
            fixed (byte* query = Prepare(Vector(random, length), kind), r0 = Encode(Vector(random, length)), r1 = Encode(Vector(random, length)),
                r2 = Encode(Vector(random, length)), r3 = Encode(Vector(random, length)))
            {
                NibbleKernel.Distance4(query, r0, r1, r2, r3, length, distances);
                Assert.Equal(NibbleKernel.Distance(query, r0, length), distances[0]);
                Assert.Equal(NibbleKernel.Distance(query, r1, length), distances[1]);
                Assert.Equal(NibbleKernel.Distance(query, r2, length), distances[2]);
                Assert.Equal(NibbleKernel.Distance(query, r3, length), distances[3]);
            }
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    public void Distance_ExtremeCodes_SumsExactly(DistanceKind kind)
    {
        foreach (int length in (int[])[64, 4096, 65_536])
        {
            // The rarer an element, the farther beyond the last level it lies.
            float[] spikes = [.. Enumerable.Range(0, length).Select(i => i % 32 == 0 ? 1f : 0.001f)];
            float[] minus = [.. spikes.Select(element => -element)];
            byte[] row = Encode(spikes);
            Assert.Equal(Expected(DecodeQuery(spikes), Decode(row), kind, out double magnitude, Undistorted), Distance(Prepare(spikes, kind), row), 1e-6 * magnitude);
            Assert.Equal(Expected(DecodeQuery(minus), Decode(row), kind, out magnitude, Undistorted), Distance(Prepare(minus, kind), row), 1e-6 * magnitude);
        }
    }

    [Fact]
    public void Distance_RowToItself_IsZeroUnderL2()
    {
        var random = new Random(4);
        for (int length = 64; length <= MaxLength; length += 64)
        {
            byte[] row = Encode(Vector(random, length));
            Assert.Equal(0f, Distance(PrepareRow(row, DistanceKind.SquaredEuclidean), row));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Encode_ZeroAndTinyAndHuge_GivesFiniteDistances(DistanceKind kind)
    {
        float[][] vectors = [.. ((float[])[0, float.Epsilon, 1e-18f, 1e17f]).Select(value => Enumerable.Repeat(value, 128).ToArray())];
        Assert.All(vectors, a => Assert.All(vectors, b => Assert.True(float.IsFinite(Distance(Prepare(a, kind), Encode(b))))));
    }

    [Fact]
    public void Encode_AnyVector_IsWithinHalfAStepUpToTheLastLevel()
    {
        var random = new Random(5);
        for (int length = 64; length <= MaxLength; length += 64)
        {
            float[] vector = Vector(random, length);
            double step = 0.335 * Math.Sqrt(vector.Sum(x => (double)x * x) / length);
            double[] decoded = Decode(Encode(vector));
            for (int i = 0; i < length; i++)
            {
                // The weight has eight bits; the lowest bit of the first codes is its own.
                double allowed = step * (i < 16 ? 1 : 0.5) * 1.01;
                double beyond = Math.Max(0, Math.Abs(vector[i]) - (7.5 * step));
                Assert.Equal(vector[i], decoded[i], allowed + beyond + (0.03 * step));
            }
        }
    }

    /// <summary>What the search rests on: dot products come out within what 16 levels allow, whatever the vectors were.</summary>
    [Fact]
    public void Distance_RotatedVectors_ErrsAsLittleAsTheLevelsAllow()
    {
        const int Length = 768;
        var random = new Random(6);
        var rotation = new Rotation(Length, 42);
        double squares = 0;
        const int Pairs = 400;
        for (int pair = 0; pair < Pairs; pair++)
        {
            float[] a = Unit(random, Length);
            float[] b = Unit(random, Length);
            double dot = a.Zip(b, (x, y) => (double)x * y).Sum();
            Rotate(rotation, a);
            Rotate(rotation, b);
            double error = dot + Distance(Prepare(a, DistanceKind.NegativeDot), Encode(b));
            squares += error * error * Length;
        }

        // 0.107 is the distortion of 16 equal steps on the normal distribution, as a deviation.
        Assert.InRange(Math.Sqrt(squares / Pairs), 0.09, 0.125);
    }

    /// <summary>Distances are right on average, near and far: what compares them with exact ones takes no offset for an error.</summary>
    [Theory]
    [InlineData(0.05)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Distance_RotatedVectors_IsRightOnAverage(double share)
    {
        const int Length = 768;
        var random = new Random(7);
        var rotation = new Rotation(Length, 42);
        double errors = 0;
        const int Pairs = 400;
        for (int pair = 0; pair < Pairs; pair++)
        {
            float[] a = Unit(random, Length);
            float[] noise = Unit(random, Length);
            float[] b = [.. a.Zip(noise, (x, y) => (float)(((1 - share) * x) + (share * y)))];
            float norm = MathF.Sqrt(b.Sum(x => x * x));
            b = [.. b.Select(x => x / norm)];
            double exact = -a.Zip(b, (x, y) => (double)x * y).Sum();
            Rotate(rotation, a);
            Rotate(rotation, b);
            errors += Distance(Prepare(a, DistanceKind.NegativeCosine), Encode(b)) - exact;
        }

        // Uncorrected they are off by 0.0115 of what the cosine is above a half; these vectors, few of whose elements count, by a little.
        Assert.InRange(errors / Pairs, -0.0025, 0.0025);
    }

    // A few elements are far larger than the rest, as is common in embeddings.
    private static float[] Unit(Random random, int length)
    {
        float[] vector = [.. Enumerable.Range(0, length).Select(i => (float)(random.NextDouble() - 0.5) * (i % 97 == 5 ? 40 : 1))];
        float norm = MathF.Sqrt(vector.Sum(x => x * x));
        return [.. vector.Select(x => x / norm)];
    }

    private static void Rotate(Rotation rotation, float[] vector)
    {
        fixed (float* pointer = vector)
        {
            rotation.Apply(pointer);
        }
    }

    private static float[] Vector(Random random, int length)
    {
        float scale = MathF.Pow(10, random.Next(-4, 5));
        return [.. Enumerable.Range(0, length).Select(_ => scale * (float)((random.NextDouble() * 2) - 1))];
    }

    private static byte[] Encode(float[] vector)
    {
        byte[] row = new byte[NibbleKernel.RowBytes(vector.Length)];
        fixed (byte* pointer = row)
        {
            NibbleKernel.Encode(vector, pointer);
        }

        return row;
    }

    private static byte[] Prepare(float[] vector, DistanceKind kind)
    {
        byte[] query = new byte[NibbleKernel.QueryBytes(vector.Length)];
        fixed (byte* pointer = query)
        {
            NibbleKernel.Prepare(vector, kind, pointer);
        }

        return query;
    }

    private static byte[] PrepareRow(byte[] row, DistanceKind kind)
    {
        byte[] query = new byte[NibbleKernel.QueryBytes(row.Length * 2)];
        fixed (byte* codes = row, pointer = query)
        {
            NibbleKernel.Prepare(codes, kind, pointer, row.Length * 2);
        }

        return query;
    }

    private static float Distance(byte[] query, byte[] row)
    {
        fixed (byte* left = query, right = row)
        {
            return NibbleKernel.Distance(left, right, row.Length * 2);
        }
    }

    // By the codes themselves: an element halfway between two of them may have become either.
    private static double[] DecodeQuery(float[] vector)
    {
        byte[] query = Prepare(vector, DistanceKind.NegativeDot);
        double step = vector.Max(Math.Abs) / 127;
        double[] decoded = [.. vector.Select((_, i) => step * (sbyte)query[i])];
        Assert.All(vector.Zip(decoded), pair => Assert.Equal(pair.First, pair.Second, 0.5001 * step));
        return decoded;
    }

    private static double[] Decode(byte[] row)
    {
        int bits = 0;
        for (int i = 0; i < 16; i++)
        {
            bits |= (row[i] & 1) << (16 + i);
        }

        double weight = BitConverter.Int32BitsToSingle(bits);
        double[] vector = new double[row.Length * 2];
        for (int i = 0; i < vector.Length; i++)
        {
            byte both = row[(i / 64 * 32) + (i % 32)];
            int code = i % 64 < 32 ? both & 15 : both >> 4;
            vector[i] = weight * (code - 7.5);
        }

        return vector;
    }

    private static double Expected(double[] a, double[] b, DistanceKind kind, out double magnitude, double scale = 1)
    {
        double dot = scale * a.Zip(b, (x, y) => x * y).Sum();
        double squares = a.Sum(x => x * x) + (scale * b.Sum(x => x * x));
        magnitude = kind == DistanceKind.NegativeCosine ? 1 + squares : squares;
        return kind switch
        {
            DistanceKind.SquaredEuclidean => squares - (2 * dot),
            DistanceKind.NegativeCosine => (squares / 2) - 1 - dot,
            _ => -dot,
        };
    }
}
