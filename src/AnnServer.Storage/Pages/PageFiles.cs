using Microsoft.Win32.SafeHandles;

namespace AnnServer.Storage.Pages;

/// <summary>The segments of the page log, read without FASTER: an address is a segment and an offset in it.</summary>
internal sealed class PageFiles(StorageLayout layout, long segmentBytes) : IDisposable
{
    private readonly Dictionary<long, SafeFileHandle> _segments = [];

    /// <exception cref="StorageCorruptionException">The files end before the range does.</exception>
    public void Read(long address, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            long segment = address / segmentBytes;
            long offset = address % segmentBytes;
            Span<byte> part = destination[..(int)Math.Min(destination.Length, segmentBytes - offset)];
            int read = Exists(segment) ? RandomAccess.Read(Open(segment), part, offset) : 0;
            if (read == 0)
            {
                throw new StorageCorruptionException($"'{layout.PageSegment(segment)}' is missing or ends too early.", address, 0);
            }

            address += read;
            destination = destination[read..];
        }
    }

    public void Dispose()
    {
        foreach (SafeFileHandle segment in _segments.Values)
        {
            segment.Dispose();
        }
    }

    private bool Exists(long segment) => _segments.ContainsKey(segment) || File.Exists(layout.PageSegment(segment));

    private SafeFileHandle Open(long segment)
    {
        if (!_segments.TryGetValue(segment, out SafeFileHandle? handle))
        {
            handle = File.OpenHandle(layout.PageSegment(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _segments.Add(segment, handle);
        }

        return handle;
    }
}
