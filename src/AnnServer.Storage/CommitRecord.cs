using System.Buffers.Binary;
using FASTER.core;

namespace AnnServer.Storage;

/// <summary>
/// What FASTER writes of a commit, as an entry of the log and in its metadata files, little endian:
/// <c>i32 version | i64 checksum | i64 begin | i64 end | i64 number | i32 iterators | i32 bytes of the mark | mark</c>.
/// </summary>
/// <remarks>
/// FASTER believes the lengths in it before it looks at the checksum, and reads past the end of its memory where they are damaged:
/// the process dies. So nothing is given to it as a commit that has not been read here.
/// </remarks>
internal readonly record struct CommitRecord(long Begin, long End, CommitMark Mark)
{
    private const int Version = 1;
    private const int IteratorsOffset = 36;
    private const int MarkOffset = IteratorsOffset + (2 * sizeof(int));
    private const int Bytes = MarkOffset + CommitMark.Bytes;

    public static bool TryRead(ReadOnlySpan<byte> bytes, Guid logId, out CommitRecord record)
    {
        record = default;
        if (bytes.Length < Bytes
            || BinaryPrimitives.ReadInt32LittleEndian(bytes) != Version
            || BinaryPrimitives.ReadInt32LittleEndian(bytes[IteratorsOffset..]) != 0
            || BinaryPrimitives.ReadInt32LittleEndian(bytes[(MarkOffset - sizeof(int))..]) != CommitMark.Bytes
            || !CommitMark.TryRead(bytes[MarkOffset..], logId, out CommitMark mark))
        {
            return false;
        }

        var info = default(FasterLogRecoveryInfo);
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes[..Bytes].ToArray()));
            info.Initialize(reader);
        }
        catch (FasterException)
        {
            // Its checksum, which covers the addresses, is wrong.
            return false;
        }

        record = new CommitRecord(info.BeginAddress, info.UntilAddress, mark);
        return true;
    }
}
