using System.Buffers.Binary;
using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

/// <summary>
/// FASTER's commit metadata files. They only tell it where to start looking for the last commit, but a damaged one sends
/// it to a wrong place; without any it starts at the begin of the log.
/// </summary>
internal static class CommitMetadata
{
    // Addresses, counts and the mark; anything longer is not one of ours.
    private const int MaxBytes = 4096;

    /// <summary>Deletes every file that does not name a commit that is in the log.</summary>
    public static void RemoveDamaged(StorageLayout layout, long segmentBytes, Guid logId, ILogger logger)
    {
        if (!Directory.Exists(layout.CommitFolder))
        {
            return;
        }

        foreach (string path in Directory.GetFiles(layout.CommitFolder))
        {
            if (!NamesACommit(path, layout, segmentBytes, logId))
            {
                StorageLog.CommitMetadataRemoved(logger, path);
                File.Delete(path);
            }
        }
    }

    private static bool NamesACommit(string path, StorageLayout layout, long segmentBytes, Guid logId)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < sizeof(int) || BinaryPrimitives.ReadInt32LittleEndian(bytes) is var length
            && (length < 0 || length > Math.Min(MaxBytes, bytes.Length - sizeof(int))))
        {
            return false;
        }

        return CommitRecord.TryRead(bytes.AsSpan(sizeof(int), length), logId, out CommitRecord record)
            && record.End > LogFile.FirstAddress
            && record.Begin <= record.End
            && LogTail.LastMarkBefore(layout, segmentBytes, record.End, logId) == record.Mark;
    }
}
