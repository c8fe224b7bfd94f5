using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

/// <summary>Rotations keep dot products and spread what was in one place. Runs again at each narrower register width.</summary>
public sealed unsafe class RotationTests
{
    public static TheoryData<int> Lengths { get; } = [16, 32, 48, 64, 320, 768, 1024, 1536, 1984];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Apply_TwoVectors_KeepsTheirDotProduct(int length)
    {
        var random = new Random(length);
        var rotation = new Rotation(length, 42);
        float[] a = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
        float[] b = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
        float[] rotatedA = Apply(rotation, a);
        float[] rotatedB = Apply(rotation, b);
        Assert.Equal(Dot(a, b), Dot(rotatedA, rotatedB), 1e-5 * length);
        Assert.Equal(Dot(a, a), Dot(rotatedA, rotatedA), 1e-5 * length);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Apply_OneElement_SpreadsOverTheVector(int length)
    {
        var rotation = new Rotation(length, 42);
        for (int i = 0; i < length; i++)
        {
            float[] unit = new float[length];
            unit[i] = 1;
            // The largest of so many is some deviations above the rest.
            Assert.InRange(Apply(rotation, unit).Max(Math.Abs), 0.5 / Math.Sqrt(length), 7 / Math.Sqrt(length));
        }
    }

    /// <summary>However little the two blocks overlap, no part of the result is much larger or smaller than the rest.</summary>
    [Theory]
    [InlineData(384)]
    [InlineData(448)]
    [InlineData(1984)]
    public void Apply_AllInOneEnd_SpreadsOverTheVector(int length)
    {
        var random = new Random(length);
        var rotation = new Rotation(length, 42);
        foreach (int start in (int[])[0, length - 64])
        {
            float[] vector = new float[length];
            for (int i = start; i < start + 64; i++)
            {
                vector[i] = random.NextSingle() - 0.5f;
            }

            double mean = Dot(vector, vector) / length;
            float[] rotated = Apply(rotation, vector);
            for (int i = 0; i < length; i += 64)
            {
                Assert.InRange(rotated[i..(i + 64)].Sum(x => (double)x * x) / 64, 0.2 * mean, 2.5 * mean);
            }
        }
    }

    /// <summary>The definition: signs, then sums with the sign of the parity of i AND j.</summary>
    [Fact]
    public void Apply_FullBlock_IsTheTransformOfItsDefinition()
    {
        const int Length = 64;
        var rotation = new Rotation(Length, 7);
        float[][] columns = [.. Enumerable.Range(0, Length).Select(i =>
        {
            float[] unit = new float[Length];
            unit[i] = 1;
            return Apply(rotation, unit);
        })];

        // Undoing the second transform leaves, in each column, equal magnitudes: H D2 H D1 e_i = H (D2 h_i).
        foreach (float[] column in columns)
        {
            double[] inner = [.. Enumerable.Range(0, Length).Select(row => Enumerable.Range(0, Length)
                .Sum(j => (System.Numerics.BitOperations.PopCount((uint)(row & j)) % 2 == 0 ? 1 : -1) * column[j]) / Math.Sqrt(Length))];
            Assert.All(inner, element => Assert.Equal(1 / Math.Sqrt(Length), Math.Abs(element), 1e-5));
        }
    }

    [Fact]
    public void Apply_AnotherSeed_IsAnotherRotation()
    {
        float[] vector = [.. Enumerable.Range(0, 64).Select(i => (float)i)];
        Assert.Equal(Apply(new Rotation(64, 1), vector), Apply(new Rotation(64, 1), vector));
        Assert.NotEqual(Apply(new Rotation(64, 1), vector), Apply(new Rotation(64, 2), vector));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(100)]
    public void Rotation_LengthOfNoWholeVectors_Throws(int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rotation(length, 42));

    private static float[] Apply(Rotation rotation, float[] vector)
    {
        float[] rotated = [.. vector];
        fixed (float* pointer = rotated)
        {
            rotation.Apply(pointer);
        }

        return rotated;
    }

    private static double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}
