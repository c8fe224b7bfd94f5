using System.Runtime.Intrinsics;

namespace AnnServer.Core.Kernels;

/// <summary>The register width the kernels use on this machine.</summary>
public static class KernelWidth
{
    /// <summary>512, 256 or 128 bits, or 0 where the loops are scalar.</summary>
    public static int Bits =>
        Vector512.IsHardwareAccelerated ? 512 :
        Vector256.IsHardwareAccelerated ? 256 :
        Vector128.IsHardwareAccelerated ? 128 : 0;
}
