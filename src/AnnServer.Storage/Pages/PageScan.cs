using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AnnServer.Storage.Pages;

/// <summary>
/// Finds the records in one page of FASTER's hybrid log with keys of 8 bytes and values of any length. A record is
/// <c>u64 header | i64 key | i32 length | value</c>, rounded up to 8 bytes; a header of 0 is 8 bytes of padding.
/// </summary>
/// <remarks>
/// Reading the files directly takes one pass, which checks and loads, where FASTER would read them to rebuild its index and once more
/// to scan. The layout is fixed with the version of FASTER, and a test reads the same log both ways.
/// </remarks>
internal static class PageScan
{
    private const int HeaderBytes = sizeof(ulong);
    private const int KeyBytes = sizeof(long);
    private const int ValueOffset = HeaderBytes + KeyBytes + sizeof(int);
    private const int Alignment = 8;
    private const ulong ValidBit = 1UL << 56;

    // SpanByte keeps flags in the upper bits of its length.
    private const int LengthMask = 0x3FFFFFFF;

    /// <summary>Bytes of a record with a value of so many, where that needs no rounding.</summary>
    public static int RecordBytes(int valueBytes) => ValueOffset + valueBytes;

    /// <summary>Adds where the records start, in order, as offsets into <paramref name="bytes"/>.</summary>
    /// <returns>False where something is not a record.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryFind(ReadOnlySpan<byte> bytes, List<int> offsets)
    {
        int at = 0;
        while (at + HeaderBytes <= bytes.Length)
        {
            ulong header = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
            if (header == 0)
            {
                at += HeaderBytes;
                continue;
            }

            if (at + ValueOffset > bytes.Length)
            {
                return false;
            }

            long end = at + (((long)ValueOffset + Length(bytes, at) + Alignment - 1) & -Alignment);
            if (end > bytes.Length)
            {
                return false;
            }

            if ((header & ValidBit) != 0)
            {
                offsets.Add(at);
            }

            at = (int)end;
        }

        return true;
    }

    /// <summary>Whether bytes are one record with a key, and of their length.</summary>
    public static bool IsRecord(ReadOnlySpan<byte> bytes, long key) =>
        bytes.Length >= ValueOffset && Key(bytes, 0) == key && RecordBytes(Length(bytes, 0)) == bytes.Length;

    /// <summary>The key of the record at an offset that was found.</summary>
    public static long Key(ReadOnlySpan<byte> bytes, int offset) => MemoryMarshal.Read<long>(bytes[(offset + HeaderBytes)..]);

    public static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> bytes, int offset) => bytes.Slice(offset + ValueOffset, Length(bytes, offset));

    private static int Length(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadInt32LittleEndian(bytes[(offset + HeaderBytes + KeyBytes)..]) & LengthMask;
}
