using System.Runtime.CompilerServices;

namespace AnnServer.Core.Memory;

/// <summary>Pinned memory whose first element lies on a 64-byte boundary. Grows by replacing itself; owned by one thread.</summary>
internal sealed unsafe class AlignedBuffer<T>
    where T : unmanaged
{
    private const int Alignment = 64;

    // Keeps the memory alive while Pointer is used; the pinned heap never moves it.
    private byte[]? _memory;

    public T* Pointer { get; private set; }

    public int Length { get; private set; }

    /// <summary>Bytes held.</summary>
    public long MemoryBytes => _memory?.Length ?? 0;

    /// <summary>Makes room for at least <paramref name="length"/> elements. Contents are lost when it grows; new memory is zero.</summary>
    public void EnsureLength(int length)
    {
        if (length > Length)
        {
            Grow(length, 0);
        }
    }

    /// <summary>Makes room for at least <paramref name="length"/> elements and keeps the first <paramref name="kept"/>.</summary>
    public void Grow(int length, int kept)
    {
        int grown = Math.Max(length, Length * 2);
        byte[] memory = GC.AllocateArray<byte>(checked((grown * sizeof(T)) + Alignment), pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref memory[0]);
        T* pointer = (T*)((address + Alignment - 1) & ~(nuint)(Alignment - 1));
        new ReadOnlySpan<T>(Pointer, kept).CopyTo(new Span<T>(pointer, kept));
        _memory = memory;
        Pointer = pointer;
        Length = grown;
    }
}
