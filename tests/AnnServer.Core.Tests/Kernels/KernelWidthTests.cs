using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

public sealed class KernelWidthTests
{
    /// <summary>Set by <see cref="KernelWidthRunTests"/> for a run whose instruction sets it restricts.</summary>
    internal const string ExpectedBitsVariable = "ANN_TEST_KERNEL_WIDTH";

    [Fact]
    public void Bits_InThisRun_IsTheWidthTheRunIsFor()
    {
        string? expected = Environment.GetEnvironmentVariable(ExpectedBitsVariable);
        if (expected is null)
        {
            Assert.Contains(KernelWidth.Bits, new[] { 0, 128, 256, 512 });
            Assert.True(KernelWidth.Bits >= 256 || !Avx2.IsSupported, "AVX2 is there but not used.");
        }
        else
        {
            Assert.Equal(int.Parse(expected), KernelWidth.Bits);
        }
    }
}
