namespace AnnServer.Core.Tests.Kernels;

/// <summary>What every kernel must do, against sums of its terms in double precision.</summary>
public abstract unsafe class DistanceKernelTests
{
    protected const int LongestLength = 1025;

    /// <summary>Lengths around every width, every count of left-over vectors and every tail.</summary>
    public static TheoryData<int> EdgeLengths { get; } = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 129, 1023, 1025];

    [Fact]
    public void Distance_EveryLength_MatchesTheOracle()
    {
        var random = new Random(1);
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] a = Gaussian(random, length);
            float[] b = Gaussian(random, length);
            AssertClose(a, b, Distance(a, b));
        }
    }

    [Fact]
    public void Distance_SmallIntegers_IsExactAtEveryLength()
    {
        var random = new Random(2);
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] a = Integers(random, length);
            float[] b = Integers(random, length);
            Assert.Equal(Oracle(a, b).Sum, Distance(a, b));
        }
    }

    [Fact]
    public void Distance4_EveryLength_GivesTheBitsOfDistance()
    {
        var random = new Random(3);
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] query = Gaussian(random, length);
            float[][] rows = [Gaussian(random, length), Gaussian(random, length), Gaussian(random, length), Gaussian(random, length)];
            AssertSameBits(query, rows, Distance4(query, rows));
        }
    }

    [Fact]
    public void Distance4_SameRowInEveryPlace_GivesTheSameBits()
    {
        var random = new Random(4);
        for (int length = 1; length <= 200; length++)
        {
            float[] query = Gaussian(random, length);
            float[] row = Gaussian(random, length);
            AssertSameBits(query, [row, row, row, row], Distance4(query, [row, row, row, row]));
        }
    }

    [Theory]
    [MemberData(nameof(EdgeLengths))]
    public void Distance_AnyOffsetFromALine_GivesTheSameBits(int length)
    {
        var random = new Random(length);
        float[] a = Gaussian(random, length);
        float[] b = Gaussian(random, length);
        float expected = Distance(a, b);
        Span<float> shiftedA = stackalloc float[length + 16];
        Span<float> shiftedB = stackalloc float[length + 16];
        for (int offset = 0; offset < 16; offset++)
        {
            // What surrounds the rows would show in the result if it were read.
            shiftedA.Fill(float.NaN);
            shiftedB.Fill(float.NaN);
            a.CopyTo(shiftedA[offset..]);
            b.CopyTo(shiftedB[(15 - offset)..]);
            fixed (float* pointerA = shiftedA, pointerB = shiftedB)
            {
                Assert.Equal(Bits(expected), Bits(Distance(pointerA + offset, pointerB + 15 - offset, length)));
            }
        }
    }

    [Fact]
    public void Kernels_RowsBesideInaccessiblePages_ReadNothingElse()
    {
        var random = new Random(6);
        using var queryMemory = new GuardedFloats(LongestLength);
        using var rowMemory = new GuardedFloats(LongestLength);
        float* distances = stackalloc float[4];
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] query = Integers(random, length);
            float[] row = Integers(random, length);
            float expected = (float)Oracle(query, row).Sum;
            for (int side = 0; side < 2; side++)
            {
                float* q = side == 0 ? queryMemory.PlaceAtEnd(query) : queryMemory.PlaceAtStart(query);
                float* r = side == 0 ? rowMemory.PlaceAtEnd(row) : rowMemory.PlaceAtStart(row);
                Assert.Equal(expected, Distance(q, r, length));
                Distance4(q, r, r, r, r, length, distances);
                Assert.Equal([expected, expected, expected, expected], new ReadOnlySpan<float>(distances, 4));
            }
        }
    }

    [Fact]
    public void Distance4_FourResults_WritesNothingBeyondThem()
    {
        float[] row = Integers(new Random(7), 37);
        float[] distances = [-1, 0, 0, 0, 0, -1];
        fixed (float* r = row, d = distances)
        {
            Distance4(r, r, r, r, r, row.Length, d + 1);
        }

        Assert.Equal(-1, distances[0]);
        Assert.Equal(-1, distances[5]);
    }

    [Theory]
    [InlineData(1e18f)]
    [InlineData(1e-18f)]
    [InlineData(1e-22f)]
    [InlineData(float.Epsilon)]
    [InlineData(0f)]
    [InlineData(-1e18f)]
    public void Distance_ExtremeMagnitudes_MatchesTheOracle(float magnitude)
    {
        var random = new Random(8);
        for (int length = 1; length <= 40; length++)
        {
            float[] a = Integers(random, length);
            float[] b = Integers(random, length);
            for (int i = 0; i < length; i++)
            {
                a[i] *= magnitude / 8;
                b[i] *= i % 2 == 0 ? magnitude / 8 : 0;
            }

            AssertClose(a, b, Distance(a, b));
            AssertSameBits(a, [b, a, b, a], Distance4(a, [b, a, b, a]));
        }
    }

    [Theory]
    [MemberData(nameof(EdgeLengths))]
    public void Distance_OneCoordinateOverflows_IsInfiniteNotNaN(int length)
    {
        float[] a = new float[length];
        float[] b = new float[length];
        a[length - 1] = float.MaxValue;
        b[length - 1] = -float.MaxValue;
        Assert.Equal(float.PositiveInfinity, Distance(a, b));
    }

    protected static float[] Gaussian(Random random, int length)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }

    protected static float[] Integers(Random random, int length)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = random.Next(-8, 9);
        }

        return values;
    }

    protected float Distance(float[] a, float[] b)
    {
        fixed (float* pointerA = a, pointerB = b)
        {
            return Distance(pointerA, pointerB, a.Length);
        }
    }

    private protected abstract float Distance(float* a, float* b, int length);

    private protected abstract void Distance4(
        float* query, float* row0, float* row1, float* row2, float* row3, int length, float* distances);

    /// <summary>The sum of the terms and of their magnitudes.</summary>
    private protected abstract (double Sum, double Magnitude) Oracle(float[] a, float[] b);

    private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);

    private float[] Distance4(float[] query, float[][] rows)
    {
        float[] distances = new float[4];
        fixed (float* q = query, r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3], d = distances)
        {
            Distance4(q, r0, r1, r2, r3, query.Length, d);
        }

        return distances;
    }

    private void AssertSameBits(float[] query, float[][] rows, float[] distances)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.True(
                Bits(Distance(query, rows[i])) == Bits(distances[i]),
                $"Length {query.Length}, row {i}: {Distance(query, rows[i]):R} alone, {distances[i]:R} among four.");
        }
    }

    // Every operation rounds by at most half a unit in the last place of what it adds up to; below the normal range it
    // rounds by at most half of the smallest subnormal.
    private void AssertClose(float[] a, float[] b, float actual)
    {
        (double sum, double magnitude) = Oracle(a, b);
        double tolerance = ((a.Length + 3) * magnitude * Math.ScaleB(1, -24)) + (a.Length * (double)float.Epsilon);
        Assert.True(
            Math.Abs(actual - sum) <= tolerance,
            $"Length {a.Length}: {actual:R} instead of {sum:R}, more than {tolerance:R} apart.");
    }
}
