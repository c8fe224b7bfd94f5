using System.Runtime.InteropServices;

namespace AnnServer.Storage.Tests;

public sealed unsafe class FaultyDeviceTests : IDisposable
{
    private const int Sector = 512;

    private readonly TempFolder _folder = new();
    private readonly FaultyDevice _disk;
    private readonly byte* _buffer;

    public FaultyDeviceTests()
    {
        _disk = new FaultyDevice(LogFile.CreateDevice(Path.Combine(_folder.Path, "disk")));
        _disk.Initialize(1 << 16);
        _buffer = (byte*)NativeMemory.AlignedAlloc(Sector, Sector);
    }

    public void Dispose()
    {
        _disk.Dispose();
        NativeMemory.AlignedFree(_buffer);
        _folder.Dispose();
    }

    [Fact]
    public void Write_WithoutFault_ReachesTheFile()
    {
        using Answer answer = Write(0x11, 0);
        Assert.Equal(0u, answer.Wait());
        Assert.Equal(0x11, FirstByte(0));
    }

    [Fact]
    public void FailWrite_FailsTheNthWriteOnceAndOnlyThat()
    {
        _disk.FailWrite(2);
        using Answer first = Write(1, 0);
        Assert.Equal(0u, first.Wait());
        using Answer second = Write(2, Sector);
        Assert.NotEqual(0u, second.Wait());
        using Answer third = Write(3, 2 * Sector);
        Assert.Equal(0u, third.Wait());
        Assert.Equal(0, FirstByte(Sector));
        Assert.Equal((1, 1, 1), (first.Count, second.Count, third.Count));
    }

    [Fact]
    public void Stall_HoldsWritesUntilResume()
    {
        _disk.Stall();
        using Answer answer = Write(5, 0);
        Assert.Equal(1, _disk.Held);
        Assert.Equal(0, answer.Count);
        _disk.Resume();
        Assert.Equal(0u, answer.Wait());
        Assert.Equal(5, FirstByte(0));
        Assert.Equal(0, _disk.Held);
    }

    [Fact]
    public void Lose_DropsWhatIsSelected()
    {
        _disk.Lose((_, offset) => offset == 0);
        using Answer lost = Write(5, 0);
        using Answer kept = Write(6, Sector);
        Assert.Equal(0u, kept.Wait());
        Assert.Equal(0, lost.Count);
        Assert.Equal(2, _disk.Writes);
        Assert.Equal(0, FirstByte(0));
    }

    private Answer Write(byte value, ulong offset)
    {
        new Span<byte>(_buffer, Sector).Fill(value);
        var answer = new Answer();
        _disk.WriteAsync((IntPtr)_buffer, 0, offset, Sector, answer.Complete, new object());
        return answer;
    }

    private int FirstByte(long offset)
    {
        using var file = new FileStream(
            Path.Combine(_folder.Path, "disk.0"), FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        file.Position = offset;
        return Math.Max(0, file.ReadByte());
    }

    private sealed class Answer : IDisposable
    {
        private readonly ManualResetEventSlim _done = new();
        private int _count;
        private uint _error;

        public int Count => Volatile.Read(ref _count);

        public void Complete(uint error, uint bytes, object context)
        {
            _error = error;
            Interlocked.Increment(ref _count);
            _done.Set();
        }

        public uint Wait()
        {
            Assert.True(_done.Wait(TestLog.Patience, TestContext.Current.CancellationToken));
            return _error;
        }

        public void Dispose() => _done.Dispose();
    }
}
