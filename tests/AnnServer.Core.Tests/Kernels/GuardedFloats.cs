using System.Runtime.InteropServices;

namespace AnnServer.Core.Tests.Kernels;

/// <summary>Memory between two inaccessible pages, so that a kernel reading outside its row ends the process.</summary>
internal sealed unsafe partial class GuardedFloats : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly nint _mapping;
    private readonly nuint _mappedBytes;
    private readonly nuint _usableBytes;
    private readonly nuint _pageBytes = (nuint)Environment.SystemPageSize;

    public GuardedFloats(int capacity)
    {
        Assert.SkipUnless(IsSupported, "Guard pages are set with Linux mmap and mprotect.");
        _usableBytes = (((nuint)capacity * sizeof(float)) + _pageBytes - 1) / _pageBytes * _pageBytes;
        _mappedBytes = _usableBytes + (2 * _pageBytes);
        _mapping = Map(0, _mappedBytes, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.NotEqual(-1, _mapping);
        Assert.Equal(0, Protect(_mapping, _pageBytes, 0));
        Assert.Equal(0, Protect((nint)((nuint)_mapping + _pageBytes + _usableBytes), _pageBytes, 0));
    }

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The values, ending where the inaccessible page begins.</summary>
    public float* PlaceAtEnd(ReadOnlySpan<float> values) =>
        Place(values, (float*)((nuint)_mapping + _pageBytes + _usableBytes) - values.Length);

    /// <summary>The values, starting where the inaccessible page ends.</summary>
    public float* PlaceAtStart(ReadOnlySpan<float> values) => Place(values, (float*)((nuint)_mapping + _pageBytes));

    public void Dispose() => Assert.Equal(0, Unmap(_mapping, _mappedBytes));

    private static float* Place(ReadOnlySpan<float> values, float* at)
    {
        values.CopyTo(new Span<float>(at, values.Length));
        return at;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint bytes, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint bytes);
}
