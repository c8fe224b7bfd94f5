using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

public sealed unsafe class NegativeDotTests : DistanceKernelTests
{
    [Fact]
    public void Distance_OrthogonalVectors_IsPositiveZero()
    {
        for (int length = 1; length <= 200; length++)
        {
            Assert.Equal(0, BitConverter.SingleToInt32Bits(Distance(new float[length], new float[length])));
        }
    }

    [Fact]
    public void Distance_CloserDirection_IsSmaller()
    {
        float[] query = [1, 0, 0];
        Assert.True(Distance(query, [0.9f, 0.1f, 0]) < Distance(query, [0.1f, 0.9f, 0]));
    }

    private protected override float Distance(float* a, float* b, int length) => NegativeDot.Distance(a, b, length);

    private protected override void Distance4(
        float* query, float* row0, float* row1, float* row2, float* row3, int length, float* distances) =>
        NegativeDot.Distance4(query, row0, row1, row2, row3, length, distances);

    private protected override (double Sum, double Magnitude) Oracle(float[] a, float[] b)
    {
        double sum = 0;
        double magnitude = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double term = -((double)a[i] * b[i]);
            sum += term;
            magnitude += Math.Abs(term);
        }

        return (sum, magnitude);
    }
}
