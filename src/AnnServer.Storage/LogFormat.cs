using System.Buffers.Binary;

namespace AnnServer.Storage;

/// <summary>
/// What the log was created with. FASTER neither stores nor checks its sizes, and reads a log with other sizes as rubbish.
/// </summary>
/// <remarks>
/// File, little endian:
/// <c>u32 magic 'AWF1' | u32 version | i64 page bytes | i64 segment bytes | u64 epoch | 16 bytes identity | u32 crc32c</c>.
/// </remarks>
internal sealed record LogFormat(int PageBytes, long SegmentBytes, ulong Epoch, Guid LogId)
{
    public const uint Version = 1;

    private const uint Magic = 0x31465741; // "AWF1"
    private const int FileBytes = 52;

    /// <summary>Writes the file so that it is either absent or whole.</summary>
    public void Save(StorageLayout layout)
    {
        byte[] bytes = new byte[FileBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), PageBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), SegmentBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), Epoch);
        LogId.TryWriteBytes(bytes.AsSpan(32));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(48), Crc32C.Compute(bytes.AsSpan(0, 48)));
        DurableFile.Write(layout.FormatFile, bytes);
    }

    /// <summary>Reads the file of an existing log.</summary>
    public static LogFormat Load(StorageLayout layout)
    {
        byte[] bytes = File.ReadAllBytes(layout.FormatFile);
        if (bytes.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            throw new StorageCorruptionException($"'{layout.FormatFile}' is not a log format file.");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));
        if (version != Version)
        {
            throw new StorageCorruptionException(
                $"'{layout.FormatFile}' has format version {version}, this server reads version {Version}.");
        }

        if (bytes.Length != FileBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(48)) != Crc32C.Compute(bytes.AsSpan(0, 48)))
        {
            throw new StorageCorruptionException($"The checksum of '{layout.FormatFile}' is wrong.");
        }

        return new LogFormat(
            checked((int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8))),
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24)),
            new Guid(bytes.AsSpan(32, 16)));
    }

    /// <summary>Refuses options that differ from what the log was created with.</summary>
    public void Require(StorageOptions options)
    {
        if (options.PageBytes != PageBytes || options.SegmentBytes != SegmentBytes)
        {
            throw new InvalidOperationException(
                $"The log in '{options.Directory}' was created with pages of {PageBytes} bytes and segments of {SegmentBytes} bytes; "
                + $"it cannot be opened with pages of {options.PageBytes} bytes and segments of {options.SegmentBytes} bytes.");
        }
    }
}
