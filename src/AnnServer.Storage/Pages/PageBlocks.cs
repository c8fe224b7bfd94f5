namespace AnnServer.Storage.Pages;

/// <summary>
/// The page log cut into blocks, each with a checksum in the manifest: FASTER has none, and steps over what it cannot read without
/// a word. Only the part of a block that belongs to the checkpoint is covered; it never changes again.
/// </summary>
internal static class PageBlocks
{
    private const int LargestBytes = 256 * 1024;

    /// <summary>Bytes of a block: a power of two, at most a page of the log.</summary>
    public static int BytesFor(int pageBytes) => Math.Min(pageBytes, LargestBytes);

    /// <summary>The checksums for [begin, tail), taking over those that the checkpoint before has for the same bytes.</summary>
    public static uint[] Extend(Checkpoint? before, PageFiles files, int pageBytes, long begin, long tail)
    {
        int blockBytes = BytesFor(pageBytes);
        long first = begin / blockBytes;
        var checksums = new uint[Count(begin, tail, blockBytes)];
        byte[] buffer = new byte[blockBytes];
        for (int i = 0; i < checksums.Length; i++)
        {
            long block = first + i;
            // The last block of the checkpoint before has grown; where the begin is another, no block is the same.
            bool isKnown = before is not null && before.Begin == begin && (block + 1) * blockBytes <= before.Tail;
            checksums[i] = isKnown ? before!.BlockChecksums[i] : Read(files, buffer, block, begin, tail, blockBytes);
        }

        return checksums;
    }

    /// <summary>Blocks of a checkpoint whose bytes are not what they were, as address ranges.</summary>
    public static IEnumerable<(long From, long To)> FindDamaged(Checkpoint checkpoint, PageFiles files)
    {
        int blockBytes = BytesFor(checkpoint.PageBytes);
        long first = checkpoint.Begin / blockBytes;
        byte[] buffer = new byte[blockBytes];
        for (int i = 0; i < checkpoint.BlockChecksums.Length; i++)
        {
            (long from, long to) = Range(first + i, checkpoint.Begin, checkpoint.Tail, blockBytes);
            if (!IsSound(checkpoint, files, buffer, i))
            {
                yield return (from, to);
            }
        }
    }

    /// <summary>The blocks that a range lies in, as an address range.</summary>
    public static (long From, long To) Around(Checkpoint checkpoint, long from, long to)
    {
        int blockBytes = BytesFor(checkpoint.PageBytes);
        return (
            Range(from / blockBytes, checkpoint.Begin, checkpoint.Tail, blockBytes).From,
            Range((to - 1) / blockBytes, checkpoint.Begin, checkpoint.Tail, blockBytes).To);
    }

    /// <summary>Whether the bytes that were read from <paramref name="address"/> on, whole blocks, are sound.</summary>
    public static bool AreSound(Checkpoint checkpoint, long address, ReadOnlySpan<byte> bytes)
    {
        int blockBytes = BytesFor(checkpoint.PageBytes);
        long first = checkpoint.Begin / blockBytes;
        while (!bytes.IsEmpty)
        {
            long block = address / blockBytes;
            (long from, long to) = Range(block, checkpoint.Begin, checkpoint.Tail, blockBytes);
            int length = (int)(to - from);
            if (Crc32C.Compute(bytes[..length]) != checkpoint.BlockChecksums[block - first])
            {
                return false;
            }

            address += length;
            bytes = bytes[length..];
        }

        return true;
    }

    private static int Count(long begin, long tail, int blockBytes) =>
        tail == begin ? 0 : (int)(((tail - 1) / blockBytes) - (begin / blockBytes) + 1);

    private static bool IsSound(Checkpoint checkpoint, PageFiles files, byte[] buffer, int index)
    {
        int blockBytes = buffer.Length;
        try
        {
            return Read(files, buffer, (checkpoint.Begin / blockBytes) + index, checkpoint.Begin, checkpoint.Tail, blockBytes)
                == checkpoint.BlockChecksums[index];
        }
        catch (IOException)
        {
            // Missing or unreadable is damage too; which block it is says the caller.
            return false;
        }
    }

    private static uint Read(PageFiles files, byte[] buffer, long block, long begin, long tail, int blockBytes)
    {
        (long from, long to) = Range(block, begin, tail, blockBytes);
        Span<byte> bytes = buffer.AsSpan(0, (int)(to - from));
        files.Read(from, bytes);
        return Crc32C.Compute(bytes);
    }

    private static (long From, long To) Range(long block, long begin, long tail, int blockBytes) =>
        (Math.Max(begin, block * blockBytes), Math.Min(tail, (block + 1) * blockBytes));
}
