namespace AnnServer.Engine.Attributes;

/// <summary>The encoded attributes of every ordinal. One writer at a time; readers take no lock.</summary>
internal sealed class BlobStore
{
    private const int ChunkShift = 12;
    private const int ChunkLength = 1 << ChunkShift;

    // What a byte[] costs beside its bytes.
    private const int ArrayOverheadBytes = 24;

    // Growing copies only this spine, never the chunks; a spine is complete before it is published.
    private volatile byte[]?[]?[] _chunks = [];
    private int _length;
    private long _blobBytes;

    /// <summary>One more than the greatest ordinal ever set.</summary>
    public int Length => Volatile.Read(ref _length);

    public long MemoryBytes => Volatile.Read(ref _blobBytes) + (((long)Length + ChunkLength - 1) / ChunkLength * ChunkLength * sizeof(long));

    public byte[]? Get(uint ordinal)
    {
        byte[]?[]?[] chunks = _chunks;
        uint at = ordinal >> ChunkShift;
        byte[]?[]? chunk = at < (uint)chunks.Length ? chunks[at] : null;
        return chunk is null ? null : Volatile.Read(ref chunk[ordinal & (ChunkLength - 1)]);
    }

    public void Set(uint ordinal, byte[]? blob)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(ordinal, (uint)int.MaxValue);
        byte[]?[] chunk = ChunkOf((int)(ordinal >> ChunkShift));
        ref byte[]? slot = ref chunk[ordinal & (ChunkLength - 1)];
        Volatile.Write(ref _blobBytes, _blobBytes + SizeOf(blob) - SizeOf(slot));
        Volatile.Write(ref slot, blob);
        if (ordinal >= (uint)_length)
        {
            Volatile.Write(ref _length, (int)ordinal + 1);
        }
    }

    private byte[]?[] ChunkOf(int at)
    {
        byte[]?[]?[] chunks = _chunks;
        if (at >= chunks.Length)
        {
            Array.Resize(ref chunks, Math.Max(at + 1, chunks.Length * 2));
            chunks[at] = new byte[]?[ChunkLength];
            _chunks = chunks;
        }
        else if (chunks[at] is null)
        {
            Volatile.Write(ref chunks[at], new byte[]?[ChunkLength]);
        }

        return chunks[at]!;
    }

    private static long SizeOf(byte[]? blob) => blob is null ? 0 : blob.Length + ArrayOverheadBytes;
}
