using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

public sealed unsafe class SquaredEuclideanTests : DistanceKernelTests
{
    [Fact]
    public void Distance_SameVector_IsExactlyZero()
    {
        var random = new Random(9);
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] a = Gaussian(random, length);
            Assert.Equal(0f, Distance(a, (float[])a.Clone()));
        }
    }

    [Fact]
    public void Distance_ArgumentsSwapped_GivesTheSameBits()
    {
        var random = new Random(10);
        for (int length = 1; length <= LongestLength; length++)
        {
            float[] a = Gaussian(random, length);
            float[] b = Gaussian(random, length);
            Assert.Equal(BitConverter.SingleToInt32Bits(Distance(a, b)), BitConverter.SingleToInt32Bits(Distance(b, a)));
        }
    }

    private protected override float Distance(float* a, float* b, int length) => SquaredEuclidean.Distance(a, b, length);

    private protected override void Distance4(
        float* query, float* row0, float* row1, float* row2, float* row3, int length, float* distances) =>
        SquaredEuclidean.Distance4(query, row0, row1, row2, row3, length, distances);

    private protected override (double Sum, double Magnitude) Oracle(float[] a, float[] b)
    {
        double sum = 0;
        double magnitude = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double term = ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
            sum += term;
            magnitude += Math.Abs(term);
        }

        return (sum, magnitude);
    }
}
