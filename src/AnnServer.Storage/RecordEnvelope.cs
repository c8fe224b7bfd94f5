using System.Buffers.Binary;

namespace AnnServer.Storage;

/// <summary>
/// The bytes of one record, little endian:
/// <code>
/// u32 magic 'AWR1' | u8 version | u8 operation | u16 flags (0) | u32 payload length
/// u64 lsn | u64 epoch | u32 collection | payload | u32 crc32c of all before
/// </code>
/// </summary>
internal static class RecordEnvelope
{
    public const int HeaderBytes = 32;

    /// <summary>Header and checksum.</summary>
    public const int OverheadBytes = HeaderBytes + sizeof(uint);

    public const byte Version = 1;

    private const uint Magic = 0x31525741; // "AWR1"

    public static ReadOnlySpan<byte> MagicBytes => "AWR1"u8;

    /// <summary>Fills <paramref name="destination"/>, which has exactly the envelope's length.</summary>
    public static void Write(Span<byte> destination, in LogRecord record)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = record.Operation;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], (uint)record.Payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[12..], record.Lsn);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[20..], record.Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], record.Collection);
        record.Payload.CopyTo(destination[HeaderBytes..]);
        int covered = HeaderBytes + record.Payload.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[covered..], Crc32C.Compute(destination[..covered]));
    }

    /// <summary>Reads an envelope; on failure <paramref name="fault"/> says what is wrong with it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out LogRecord record, out string fault)
    {
        record = default;
        fault = "";
        if (source.Length < OverheadBytes)
        {
            fault = $"a record of {source.Length} bytes is shorter than its envelope";
        }
        else if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
        {
            fault = "a record does not start with the magic number";
        }
        else if (BinaryPrimitives.ReadUInt32LittleEndian(source[^4..]) != Crc32C.Compute(source[..^4]))
        {
            fault = "the checksum of a record is wrong";
        }
        else if (source[4] != Version)
        {
            // The checksum holds, so the bytes are whole: a later version of the server wrote them.
            fault = $"a record has version {source[4]}, this server reads version {Version}";
        }
        else if (BinaryPrimitives.ReadUInt16LittleEndian(source[6..]) != 0)
        {
            fault = "a record has flags this server does not know";
        }
        else if (BinaryPrimitives.ReadUInt32LittleEndian(source[8..]) != source.Length - OverheadBytes)
        {
            fault = "the length in a record is not the length of the record";
        }
        else
        {
            record = new LogRecord
            {
                Lsn = BinaryPrimitives.ReadUInt64LittleEndian(source[12..]),
                Epoch = BinaryPrimitives.ReadUInt64LittleEndian(source[20..]),
                Operation = source[5],
                Collection = BinaryPrimitives.ReadUInt32LittleEndian(source[28..]),
                Payload = source[HeaderBytes..^4],
            };
            return true;
        }

        return false;
    }
}
