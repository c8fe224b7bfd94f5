using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AnnServer.Core.Kernels;

/// <summary>One lane: lengths below four, and machines without vector registers.</summary>
internal readonly unsafe struct LanesScalar : ILanes<float>
{
    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load<TElement>(TElement* source)
        where TElement : unmanaged => typeof(TElement) == typeof(Half) ? (float)*(Half*)source : *(float*)source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadLast<TElement>(TElement* source, int kept)
        where TElement : unmanaged => kept == 0 ? 0 : Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float left, float right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Subtract(float left, float right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float left, float right, float addend) =>
        Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(left, right, addend) : (left * right) + addend;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float lanes) => lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum4(float lanes0, float lanes1, float lanes2, float lanes3) =>
        Vector128.Create(lanes0, lanes1, lanes2, lanes3);
}
