using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace AnnServer.Storage.Pages;

/// <summary>
/// The bytes of one image, little endian: <c>u32 version | u64 lsn | image | u32 crc32c of the key and of all before</c>.
/// With the key in the checksum, no image is ever taken for that of another page.
/// </summary>
internal static class PageEnvelope
{
    /// <summary>Header and checksum.</summary>
    public const int OverheadBytes = HeaderBytes + sizeof(uint);

    private const int HeaderBytes = 12;
    private const uint Version = 1;

    /// <summary>Fills <paramref name="destination"/>, which has exactly the envelope's length.</summary>
    public static void Write(Span<byte> destination, long key, ulong lsn, ReadOnlySpan<byte> image)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[4..], lsn);
        image.CopyTo(destination[HeaderBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[^4..], Checksum(key, destination[..^4]));
    }

    /// <summary>Whether an envelope is whole and that of the key.</summary>
    public static bool IsSound(ReadOnlySpan<byte> source, long key) =>
        source.Length >= OverheadBytes && BinaryPrimitives.ReadUInt32LittleEndian(source[^4..]) == Checksum(key, source[..^4]);

    /// <summary>Reads an envelope from bytes that are known to be sound; false where it is not one of this version.</summary>
    /// <param name="address">Of the record.</param>
    public static bool TryRead(ReadOnlySpan<byte> source, long key, long address, out Page page)
    {
        page = default;
        if (source.Length < OverheadBytes || BinaryPrimitives.ReadUInt32LittleEndian(source) != Version)
        {
            return false;
        }

        page = new Page
        {
            Key = PageKey.Of(key),
            Lsn = BinaryPrimitives.ReadUInt64LittleEndian(source[4..]),
            Image = source[HeaderBytes..^4],
            Address = address,
        };
        return true;
    }

    private static uint Checksum(long key, ReadOnlySpan<byte> covered) =>
        Crc32C.Append(Crc32C.Compute(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(ref key))), covered);
}
