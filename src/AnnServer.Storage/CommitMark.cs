using System.Buffers.Binary;

namespace AnnServer.Storage;

/// <summary>
/// What every commit writes into its commit record, so that recovery can tell a torn tail from lost data.
/// </summary>
/// <remarks>
/// Only one commit is under way at a time, so a mark with ordinal n on disk proves that commit n − 1 was durable and
/// may have been acknowledged. A log that recovers to commit n while a mark n + 2 exists behind it has lost data.
/// The checksum is seeded with the random identity of the log: no client can forge a mark inside a payload.
/// </remarks>
internal readonly record struct CommitMark
{
    public const int Bytes = 44;

    private const uint Magic = 0x31435741; // "AWC1"
    private const uint Version = 1;
    private const int CoveredBytes = Bytes - sizeof(uint);

    /// <summary>Number of the commit, from 1 without gaps.</summary>
    public required long Ordinal { get; init; }

    /// <summary>LSN of the last record before the commit record.</summary>
    public required ulong LastLsn { get; init; }

    /// <summary><see cref="LastLsn"/> of the commit before.</summary>
    public required ulong PreviousLsn { get; init; }

    /// <summary>Address where the commit before ended; this commit covers the bytes from there.</summary>
    public required long PreviousTail { get; init; }

    public static ReadOnlySpan<byte> MagicBytes => "AWC1"u8;

    public byte[] ToBytes(Guid logId)
    {
        byte[] bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), Ordinal);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), LastLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), PreviousLsn);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), PreviousTail);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(CoveredBytes), Checksum(bytes, logId));
        return bytes;
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, Guid logId, out CommitMark mark)
    {
        if (bytes.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CoveredBytes..]) != Checksum(bytes, logId))
        {
            mark = default;
            return false;
        }

        mark = new CommitMark
        {
            Ordinal = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            LastLsn = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            PreviousLsn = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            PreviousTail = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
        };
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes, Guid logId)
    {
        Span<byte> seed = stackalloc byte[16];
        logId.TryWriteBytes(seed);
        return Crc32C.Append(Crc32C.Compute(seed), bytes[..CoveredBytes]);
    }
}
