using AnnServer.Core.Memory;
using CsCheck;

namespace AnnServer.Core.Tests.Memory;

public sealed unsafe class AlignedBufferTests
{
    [Fact]
    public void EnsureLength_AnyLengths_IsAlignedAndZeroWhenItGrows() => Gen.Int[0, 5000].Array[1, 8].Sample(lengths =>
    {
        var buffer = new AlignedBuffer<ulong>();
        foreach (int length in lengths)
        {
            int before = buffer.Length;
            buffer.EnsureLength(length);
            Assert.True(buffer.Length >= length);
            Assert.Equal(0, (nint)buffer.Pointer % 64);
            Assert.True(buffer.MemoryBytes >= (long)buffer.Length * sizeof(ulong));
            var all = new Span<ulong>(buffer.Pointer, buffer.Length);
            if (buffer.Length > before)
            {
                Assert.False(all.ContainsAnyExcept(0UL));
                all.Fill(ulong.MaxValue);
            }
            else
            {
                Assert.False(all.ContainsAnyExcept(ulong.MaxValue));
            }
        }
    });

    [Fact]
    public void Grow_WithContents_KeepsThoseAskedFor() => Gen.Select(Gen.Int[1, 3000], Gen.Int[1, 3000]).Sample((length, more) =>
    {
        var buffer = new AlignedBuffer<uint>();
        buffer.EnsureLength(length);
        for (int i = 0; i < length; i++)
        {
            buffer.Pointer[i] = (uint)i + 1;
        }

        buffer.Grow(length + more, length);
        Assert.True(buffer.Length >= length + more);
        Assert.Equal(0, (nint)buffer.Pointer % 64);
        for (int i = 0; i < length + more; i++)
        {
            Assert.Equal(i < length ? (uint)i + 1 : 0, buffer.Pointer[i]);
        }
    });

    [Fact]
    public void Pointer_AfterCompactingCollection_HoldsTheContents()
    {
        var buffer = new AlignedBuffer<uint>();
        buffer.EnsureLength(10_000);
        uint* pointer = buffer.Pointer;
        pointer[9_999] = 42;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Assert.True(pointer == buffer.Pointer);
        Assert.Equal(42u, buffer.Pointer[9_999]);
    }
}
