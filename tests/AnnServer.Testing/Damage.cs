namespace AnnServer.Testing;

/// <summary>What can happen to a file behind the back of whoever wrote it.</summary>
public static class Damage
{
    private const int BlockBytes = 4096;

    /// <summary>Leaves a file damaged in one of several ways, and says which.</summary>
    /// <param name="sound">What the file holds.</param>
    public static string Do(string path, ReadOnlySpan<byte> sound, Random random)
    {
        (string what, byte[]? bytes) = Of(sound, random);
        if (bytes is null)
        {
            File.Delete(path);
        }
        else
        {
            File.WriteAllBytes(path, bytes);
        }

        return what;
    }

    /// <summary>One of several ways in which a file can be damaged, and what is left of it; null where it is gone.</summary>
    /// <param name="sound">What the file holds.</param>
    /// <param name="older">What it held once, or another of its kind holds.</param>
    public static (string What, byte[]? Bytes) Of(ReadOnlySpan<byte> sound, Random random, byte[]? older = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (sound.IsEmpty)
        {
            return ("missing", null);
        }

        byte[] bytes = sound.ToArray();
        int at = random.Next(bytes.Length);
        switch (random.Next(older is null ? 11 : 13))
        {
            case < 4:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return ("bit flip", bytes);
            case 4:
                Block(bytes, at / BlockBytes).Clear();
                return ("zeroed block", bytes);
            case 5:
                // What an erased cell of flash reads as.
                Block(bytes, at / BlockBytes).Fill(0xFF);
                return ("block of ones", bytes);
            case 6:
                random.NextBytes(bytes.AsSpan(at, Math.Min(16, bytes.Length - at)));
                return ("rubbish", bytes);
            case 7:
                return ("truncation", bytes[..at]);
            case 8:
                return ("missing", null);
            case 9:
                return ("block written twice", WithBlockTwice(bytes, random));
            case 10:
                return ("blocks exchanged", WithBlocksExchanged(bytes, random));
            default:
                return ("older copy", older);
        }
    }

    // A write that went to the place of another.
    private static byte[] WithBlockTwice(byte[] bytes, Random random)
    {
        (Memory<byte> one, Memory<byte> other) = TwoBlocks(bytes, random);
        one.CopyTo(other);
        return bytes;
    }

    private static byte[] WithBlocksExchanged(byte[] bytes, Random random)
    {
        (Memory<byte> one, Memory<byte> other) = TwoBlocks(bytes, random);
        byte[] kept = one.ToArray();
        other.CopyTo(one);
        kept.CopyTo(other);
        return bytes;
    }

    // Two whole blocks, halves where a file has no two; the same one now and then.
    private static (Memory<byte> One, Memory<byte> Other) TwoBlocks(byte[] bytes, Random random)
    {
        int length = Math.Min(BlockBytes, bytes.Length / 2);
        int blocks = length == 0 ? 1 : bytes.Length / length;
        return (bytes.AsMemory(random.Next(blocks) * length, length), bytes.AsMemory(random.Next(blocks) * length, length));
    }

    private static Span<byte> Block(byte[] bytes, int index) =>
        bytes.AsSpan(index * BlockBytes, Math.Min(BlockBytes, bytes.Length - (index * BlockBytes)));
}
