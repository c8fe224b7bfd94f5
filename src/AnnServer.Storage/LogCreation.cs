using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

/// <summary>Creates an empty log so that a crash on the way leaves either nothing or a whole log.</summary>
internal static class LogCreation
{
    private const ulong FirstEpoch = 1;

    // One commit record and its padding.
    private const int FirstCommitMaxBytes = 4096;

    /// <param name="lastLsn">The first record gets the number after it.</param>
    public static (LogFile File, LogWriter Writer, LogFormat Format) Create(
        StorageDependencies dependencies, StorageLayout layout, ulong lastLsn)
    {
        StorageOptions options = dependencies.Options;
        RemoveUnfinished(layout, dependencies.Logger);
        var format = new LogFormat(options.PageBytes, options.SegmentBytes, FirstEpoch, Guid.NewGuid());
        LogFile file = LogFile.Open(options, layout, dependencies.CreateDevice, recover: false);
        try
        {
            var none = new CommitMark { Ordinal = 0, LastLsn = lastLsn, PreviousLsn = lastLsn, PreviousTail = LogFile.FirstAddress };
            var writer = new LogWriter(file, none, dependencies, format);

            // The first commit comes before the format file: a log that has a format and no commit has lost it.
            writer.CommitAsync().GetAwaiter().GetResult();
            DirectorySync.Flush(layout.Root);
            format.Save(layout);
            return (file, writer, format);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void RemoveUnfinished(StorageLayout layout, ILogger logger)
    {
        // Of a log without its format file no more than the first commit was ever made.
        if (layout.ExistingManifests().Count > 0 || (File.Exists(layout.HighWaterFile) && HighWater.Load(layout).Mark.Commit > 1))
        {
            throw new StorageCorruptionException($"'{layout.Root}' has been written to, but '{layout.FormatFile}' is missing.");
        }

        List<long> segments = layout.ExistingSegments();
        foreach (long segment in segments)
        {
            byte[] head = new byte[FirstCommitMaxBytes];
            using FileStream file = File.OpenRead(layout.Segment(segment));
            int read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (segment > 0 || file.Length > FirstCommitMaxBytes || head.AsSpan(0, read).IndexOf(RecordEnvelope.MagicBytes) >= 0)
            {
                throw new StorageCorruptionException(
                    $"'{layout.LogFolder}' holds a log with records, but its file '{layout.FormatFile}' is missing.");
            }
        }

        if (segments.Count > 0 || Directory.Exists(layout.CommitFolder))
        {
            File.Delete(layout.Segment(0));
            if (Directory.Exists(layout.CommitFolder))
            {
                Directory.Delete(layout.CommitFolder, recursive: true);
            }

            StorageLog.UnfinishedLogRemoved(logger, layout.LogFolder);
        }
    }
}
