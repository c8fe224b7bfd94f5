using AnnServer.Storage.Pages;
using FASTER.core;
using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

/// <summary>Opens an existing log at its last durable commit, or says why it cannot.</summary>
/// <remarks>
/// FASTER ends its own search for commits at the first damaged entry and steps over zeroed ones without a word; both
/// happen honestly when a crash interrupts the last commit, whose pages reach the disk in any order. The rules, with
/// <see cref="CommitMark"/> as the evidence:
/// <list type="number">
/// <item>The last commit FASTER finds counts if all its records are there; otherwise the log ends at the commit before.</item>
/// <item>A mark two or more commits ahead of that end, the <see cref="HighWater"/> or a checkpoint may prove that durable records are
/// lost: refuse.</item>
/// <item>Otherwise the bytes behind the end belong to a commit that never completed: erase them, then open.</item>
/// </list>
/// Damage confined to the very last commit of a process that was killed looks like a torn commit. So do several commits that are
/// gone together with all behind them, as when a file is cut short or an older copy is put in its place, as far back as the last
/// checkpoint or high-water mark. Closing adds an empty commit and names it there, so after an orderly close there is no such doubt.
/// </remarks>
internal static class LogRecovery
{
    public static (LogFile File, CommitMark Mark) Open(StorageDependencies dependencies, StorageLayout layout, LogFormat format)
    {
        (StorageOptions options, ILogger logger, _, Func<string, IDevice> createDevice) = dependencies;
        CommitMetadata.RemoveDamaged(layout, options.SegmentBytes, format.LogId, logger);
        LogFile file = LogFile.Open(options, layout, createDevice, recover: true);
        try
        {
            CommitMark mark = ReadMark(file, layout, format);
            long end = file.Log.CommittedUntilAddress;

            // The mark may come from FASTER's metadata, which outlives a lost segment.
            if (LogTail.LastMarkBefore(layout, options.SegmentBytes, end, format.LogId) != mark)
            {
                throw new StorageCorruptionException(
                    $"The log in '{layout.LogFolder}' is damaged: its commit {mark.Ordinal} is not where it should end.", end, mark.LastLsn);
            }

            (long ordinal, ulong lastLsn) = (mark.Ordinal, mark.LastLsn);
            if (!IsWhole(file, layout, format, mark))
            {
                end = mark.PreviousTail;
                (ordinal, lastLsn) = (ordinal - 1, mark.PreviousLsn);
            }

            HighWater known = HighWater.Load(layout, format.LogId);
            LogTail tail = LogTail.Scan(layout, options.SegmentBytes, end, format.LogId);
            long durable = Math.Max(known.Commit, tail.NewestOrdinal - 1);
            if (durable > ordinal)
            {
                throw new StorageCorruptionException(
                    $"The log in '{layout.LogFolder}' is damaged: it can be read up to commit {ordinal}, but commit {durable} was durable.",
                    end,
                    lastLsn + 1);
            }

            RequireCheckpoints(layout, format, end, lastLsn);

            if (tail.UsedBytes == 0)
            {
                return (file, mark);
            }

            file.Dispose();
            StorageLog.TailDiscarded(logger, layout.LogFolder, tail.UsedBytes, end);
            tail.Erase();
            file = LogFile.Open(options, layout, createDevice, recover: true);
            mark = ReadMark(file, layout, format);
            if (mark.Ordinal != ordinal || file.Log.CommittedUntilAddress != end)
            {
                throw new StorageCorruptionException(
                    $"The log in '{layout.LogFolder}' is damaged: commit {ordinal} was expected to be its last, found {mark.Ordinal}.",
                    end,
                    mark.LastLsn + 1);
            }

            return (file, mark);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static CommitMark ReadMark(LogFile file, StorageLayout layout, LogFormat format) =>
        CommitMark.TryRead(file.Log.RecoveredCookie, format.LogId, out CommitMark mark)
            ? mark
            : throw new StorageCorruptionException(
                $"The log in '{layout.LogFolder}' is damaged: no commit of this log can be found in it.", LogFile.FirstAddress, 1);

    // All that a checkpoint holds was durable in the log when it was made.
    private static void RequireCheckpoints(StorageLayout layout, LogFormat format, long end, ulong lastLsn)
    {
        foreach (long number in layout.ExistingManifests())
        {
            if (ManifestFile.TryLoad(layout.Manifest(number), out _) is { } checkpoint
                && checkpoint.LogId == format.LogId
                && checkpoint.Redo.Lsn > lastLsn)
            {
                throw new StorageCorruptionException(
                    $"The log in '{layout.LogFolder}' is damaged: it can be read up to LSN {lastLsn}, but "
                    + $"'{layout.Manifest(number)}' is of a checkpoint made at LSN {checkpoint.Redo.Lsn}.",
                    end,
                    lastLsn + 1);
            }
        }
    }

    private static bool IsWhole(LogFile file, StorageLayout layout, LogFormat format, CommitMark mark)
    {
        try
        {
            long end = file.Log.CommittedUntilAddress;
            LogPageCheck.Require(layout, format, mark.PreviousTail, end);
            (_, ulong lastLsn) = LogReader.Read(file.Log, mark.PreviousTail, end, mark.PreviousLsn + 1, handler: null);
            return lastLsn == mark.LastLsn;
        }
        catch (StorageCorruptionException)
        {
            return false;
        }
    }
}
