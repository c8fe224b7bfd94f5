using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

public sealed class VectorMathTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(1537)]
    public void NormalizeInPlace_OrdinaryVector_HasLengthOneAndSameDirection(int length)
    {
        float[] original = Values(length, 1);
        float[] vector = (float[])original.Clone();
        double expected = Norm(original);

        float norm = VectorMath.NormalizeInPlace(vector);

        Assert.InRange(norm, expected * (1 - 1e-5), expected * (1 + 1e-5));
        AssertNormalized(original, expected, vector);
    }

    [Theory]
    [InlineData(1e-42f)]
    [InlineData(1e-25f)]
    [InlineData(1e25f)]
    [InlineData(1e37f)]
    public void NormalizeInPlace_SquaresLeaveTheRange_HasLengthOneAllTheSame(float magnitude)
    {
        float[] original = Values(64, magnitude);
        float[] vector = (float[])original.Clone();
        double expected = Norm(original);

        float norm = VectorMath.NormalizeInPlace(vector);

        Assert.InRange(norm, (expected * (1 - 1e-5)) - float.Epsilon, (expected * (1 + 1e-5)) + float.Epsilon);
        AssertNormalized(original, expected, vector);
    }

    [Fact]
    public void NormalizeInPlace_LengthBeyondFloats_GivesInfinityAndScales()
    {
        float[] vector = [float.MaxValue, float.MaxValue];
        Assert.Equal(float.PositiveInfinity, VectorMath.NormalizeInPlace(vector));
        Assert.All(vector, element => Assert.Equal(Math.Sqrt(0.5), element, 1e-6));
    }

    [Fact]
    public void NormalizeInPlace_ZeroVector_StaysAndGivesZero()
    {
        float[] vector = [0, -0f, 0];
        Assert.Equal(0, VectorMath.NormalizeInPlace(vector));
        Assert.Equal([0, -0f, 0], vector);
    }

    [Fact]
    public void NormalizeInPlace_Empty_GivesZero() => Assert.Equal(0, VectorMath.NormalizeInPlace([]));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void IsFinite_OneBadElementAnywhere_IsFalse(float bad)
    {
        for (int length = 1; length <= 70; length++)
        {
            for (int at = 0; at < length; at++)
            {
                float[] vector = new float[length];
                vector[at] = bad;
                Assert.False(VectorMath.IsFinite(vector), $"{bad} at {at} of {length}");
            }
        }
    }

    [Fact]
    public void IsFinite_ExtremesOfTheRange_IsTrue()
    {
        for (int length = 0; length <= 70; length++)
        {
            float[] vector = new float[length];
            for (int i = 0; i < length; i++)
            {
                vector[i] = (i % 4) switch { 0 => float.MaxValue, 1 => float.MinValue, 2 => float.Epsilon, _ => -0f };
            }

            Assert.True(VectorMath.IsFinite(vector));
        }
    }

    private static float[] Values(int length, float magnitude)
    {
        var random = new Random(length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = ((random.NextSingle() * 2) - 1) * magnitude;
        }

        return values;
    }

    private static double Norm(float[] vector)
    {
        double sum = 0;
        foreach (float element in vector)
        {
            sum += (double)element * element;
        }

        return Math.Sqrt(sum);
    }

    private static void AssertNormalized(float[] original, double norm, float[] vector)
    {
        Assert.Equal(1, Norm(vector), 1e-5);
        for (int i = 0; i < vector.Length; i++)
        {
            Assert.Equal(original[i] / norm, vector[i], 1e-5);
        }
    }
}
