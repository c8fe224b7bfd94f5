using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AnnServer.Core.Memory;

/// <summary>Asks for memory before it is read, so that several misses overlap.</summary>
public static unsafe class CacheLine
{
    public const int Bytes = 64;

    /// <summary>Asks for a value that is no larger than a line, wherever it lies. Harmless where the value has moved meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(ref readonly T value)
    {
        if (Sse.IsSupported)
        {
            ref byte first = ref Unsafe.As<T, byte>(ref Unsafe.AsRef(in value));
            Sse.Prefetch0(Unsafe.AsPointer(ref first));
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref first, Unsafe.SizeOf<T>() - 1)));
        }
    }
}
