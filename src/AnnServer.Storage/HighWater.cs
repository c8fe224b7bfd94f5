using System.Buffers.Binary;

namespace AnnServer.Storage;

/// <summary>
/// A commit that is known to be durable, kept outside the log: the log must reach at least this far when it is opened.
/// It finds what the log cannot show by itself, such as a last segment that is gone.
/// </summary>
/// <remarks>File, little endian: <c>u32 magic 'AWH1' | u32 version | i64 commit | u64 lsn | 16 bytes identity | u32 crc32c</c>.</remarks>
internal readonly record struct HighWater(long Commit, ulong Lsn)
{
    private const uint Magic = 0x31485741; // "AWH1"
    private const uint Version = 1;
    private const int FileBytes = 44;
    private const int CoveredBytes = FileBytes - sizeof(uint);

    public void Save(StorageLayout layout, Guid logId)
    {
        Span<byte> bytes = stackalloc byte[FileBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Commit);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Lsn);
        logId.TryWriteBytes(bytes[24..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CoveredBytes..], Crc32C.Compute(bytes[..CoveredBytes]));
        DurableFile.Write(layout.HighWaterFile, bytes);
    }

    public static HighWater Load(StorageLayout layout, Guid logId)
    {
        (HighWater mark, Guid owner) = Load(layout);
        return owner == logId ? mark : throw new StorageCorruptionException($"'{layout.HighWaterFile}' belongs to another log.");
    }

    /// <summary>The mark, and the identity of the log that it belongs to.</summary>
    public static (HighWater Mark, Guid LogId) Load(StorageLayout layout)
    {
        if (!File.Exists(layout.HighWaterFile))
        {
            throw new StorageCorruptionException($"'{layout.HighWaterFile}' is missing from a log that has been written to.");
        }

        ReadOnlySpan<byte> bytes = File.ReadAllBytes(layout.HighWaterFile);
        if (bytes.Length != FileBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CoveredBytes..]) != Crc32C.Compute(bytes[..CoveredBytes]))
        {
            throw new StorageCorruptionException($"'{layout.HighWaterFile}' is damaged.");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (version != Version)
        {
            throw new StorageCorruptionException(
                $"'{layout.HighWaterFile}' has version {version}, this server reads version {Version}.");
        }

        return (
            new HighWater(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])),
            new Guid(bytes.Slice(24, 16)));
    }
}
