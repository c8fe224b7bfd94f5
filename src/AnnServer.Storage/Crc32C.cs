using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AnnServer.Storage;

/// <summary>CRC-32C (Castagnoli) with the usual inversions; the hardware instruction does eight bytes at a time.</summary>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Continues a finished checksum: <c>Append(Compute(a), b)</c> is the checksum of a followed by b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
