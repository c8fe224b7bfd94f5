using Microsoft.Extensions.Logging;

namespace AnnServer.Storage.Pages;

/// <summary>
/// Copies of checkpoints: the page log never changes before its tail, so that a copy can be made while writing goes on, and a later
/// one needs only the segments that are new. A copy is self-contained, or names the one before; it needs no log.
/// </summary>
public static class PageBackup
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Makes a store of a backup, which is checked on the way.</summary>
    /// <param name="target">Where the store will live; empty or absent.</param>
    /// <exception cref="StorageCorruptionException">The backup is not whole, or its bytes are not what they were.</exception>
    /// <exception cref="IOException">The target is not empty, or in use.</exception>
    public static Checkpoint Restore(string folder, StorageOptions target, ILogger logger)
    {
        Checkpoint checkpoint = Load(new BackupLayout(Path.GetFullPath(folder)));
        var layout = new StorageLayout(target.Directory);
        RequireNoStore(layout);
        Directory.CreateDirectory(layout.Root);
        DirectorySync.Flush(Path.GetDirectoryName(layout.Root) ?? layout.Root);
        using DirectoryLock held = DirectoryLock.Acquire(layout);
        RestoreDraft.Settle(layout, logger);
        RequireNoStore(layout);
        try
        {
            checkpoint = Draft(folder, target, logger, CancellationToken.None);
        }
        catch
        {
            RestoreDraft.GiveUp(layout, logger);
            throw;
        }

        RestoreDraft.Settle(layout, logger);
        return checkpoint;
    }

    /// <summary>
    /// Makes a complete <see cref="RestoreDraft"/> of a backup in a folder that the caller has locked. Where it throws, the caller gives
    /// the draft up.
    /// </summary>
    internal static Checkpoint Draft(string folder, StorageOptions target, ILogger logger, CancellationToken cancellation)
    {
        var source = new BackupLayout(Path.GetFullPath(folder));
        Checkpoint checkpoint = Load(source);
        var layout = new StorageLayout(target.Directory);
        RestoreDraft.Begin(layout);
        Checkpoint restored = Unpack(source, checkpoint, target with { Directory = layout.DraftFolder }, logger, cancellation);
        cancellation.ThrowIfCancellationRequested();
        RestoreDraft.MarkComplete(layout);
        return restored;
    }

    private static Checkpoint Unpack(
        BackupLayout source, Checkpoint checkpoint, StorageOptions target, ILogger logger, CancellationToken cancellation)
    {
        var layout = new StorageLayout(target.Directory);
        Directory.CreateDirectory(layout.Token(checkpoint.Token));
        foreach (long segment in Segments(checkpoint))
        {
            string file = source.Find(segment)
                ?? throw new StorageCorruptionException($"Segment {segment} is in no backup: '{source.Segment(segment)}' is missing.");
            Copy(file, layout.PageSegment(segment), Length(checkpoint, segment), cancellation);
        }

        if (!File.Exists(source.Token))
        {
            throw new StorageCorruptionException($"'{source.Token}' is missing.");
        }

        Copy(source.Token, TokenFiles.PathOf(layout, checkpoint.Token), long.MaxValue, cancellation);
        Require(layout, checkpoint);
        Checkpoint restored = OperationLog.CreateAfter(checkpoint, target, logger);
        TokenFiles.Flush(layout, restored.Token);
        ManifestFile.Save(layout.Manifest(restored.Number), restored);
        return restored;
    }

    internal static BackupReceipt Write(StorageLayout layout, Checkpoint checkpoint, string folder, string? before, CancellationToken cancellation)
    {
        RequireEmpty(folder);
        Checkpoint? known = before is null ? null : LoadBefore(before, checkpoint);
        Directory.CreateDirectory(folder);
        try
        {
            return Write(layout, checkpoint, new BackupLayout(folder), known, before is null ? null : Path.GetRelativePath(folder, before), cancellation);
        }
        catch
        {
            // Half a backup is none, and would be in the way of the next of its name.
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private static BackupReceipt Write(
        StorageLayout layout, Checkpoint checkpoint, BackupLayout target, Checkpoint? known, string? before, CancellationToken cancellation)
    {
        var receipt = new BackupReceipt();
        foreach (long segment in Segments(checkpoint))
        {
            long length = Length(checkpoint, segment);
            if (known is not null && Holds(known, checkpoint, segment))
            {
                receipt = receipt with { ReusedBytes = receipt.ReusedBytes + length };
                continue;
            }

            Copy(layout.PageSegment(segment), target.Segment(segment), length, cancellation);
            receipt = receipt with { CopiedBytes = receipt.CopiedBytes + length };
        }

        Copy(TokenFiles.PathOf(layout, checkpoint.Token), target.Token, long.MaxValue, cancellation);
        if (before is not null)
        {
            File.WriteAllText(target.Before, before);
        }

        DirectorySync.Flush(Path.GetDirectoryName(target.Manifest)!);
        ManifestFile.Save(target.Manifest, checkpoint);
        return receipt;
    }

    private static Checkpoint LoadBefore(string before, Checkpoint checkpoint)
    {
        Checkpoint known = Load(new BackupLayout(before));
        return known.LogId == checkpoint.LogId
            ? known
            : throw new IOException($"The backup in '{before}' is of another store.");
    }

    private static Checkpoint Load(BackupLayout backup)
    {
        string fault = "it is missing";
        return (File.Exists(backup.Manifest) ? ManifestFile.TryLoad(backup.Manifest, out fault) : null)
            ?? throw new StorageCorruptionException($"'{backup.Manifest}' cannot be used: {fault}.");
    }

    private static void RequireEmpty(string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new IOException($"'{folder}' is not empty; backups are made, and restored, in a folder of their own.");
        }
    }

    // What an attempt before has left is in nobody's way.
    private static void RequireNoStore(StorageLayout layout)
    {
        if (Directory.Exists(layout.Root)
            && Directory.EnumerateFileSystemEntries(layout.Root).Any(path => path != layout.LockFile && path != layout.DraftFolder))
        {
            throw new IOException($"'{layout.Root}' is not empty; backups are made, and restored, in a folder of their own.");
        }
    }

    // None where there is no page.
    private static IEnumerable<long> Segments(Checkpoint checkpoint)
    {
        for (long segment = checkpoint.Begin / checkpoint.SegmentBytes; checkpoint.Bytes > 0 && segment * checkpoint.SegmentBytes < checkpoint.Tail; segment++)
        {
            yield return segment;
        }
    }

    private static long Length(Checkpoint checkpoint, long segment) =>
        Math.Min(checkpoint.SegmentBytes, checkpoint.Tail - (segment * checkpoint.SegmentBytes));

    // Whether a backup has all bytes of a segment that a checkpoint needs: each block with the same checksum.
    private static bool Holds(Checkpoint known, Checkpoint checkpoint, long segment)
    {
        int blockBytes = PageBlocks.BytesFor(checkpoint.PageBytes);
        if (known.Begin != checkpoint.Begin || known.PageBytes != checkpoint.PageBytes || known.SegmentBytes != checkpoint.SegmentBytes
            || (segment + 1) * checkpoint.SegmentBytes > known.Tail)
        {
            return false;
        }

        long first = Math.Max(segment * checkpoint.SegmentBytes, checkpoint.Begin) / blockBytes - (checkpoint.Begin / blockBytes);
        long end = ((segment + 1) * checkpoint.SegmentBytes / blockBytes) - (checkpoint.Begin / blockBytes);
        return known.BlockChecksums.AsSpan((int)first, (int)(end - first))
            .SequenceEqual(checkpoint.BlockChecksums.AsSpan((int)first, (int)(end - first)));
    }

    private static void Require(StorageLayout layout, Checkpoint checkpoint)
    {
        using var files = new PageFiles(layout, checkpoint.SegmentBytes);
        if (TokenFiles.Checksum(layout, checkpoint.Token) != checkpoint.TokenChecksum || PageBlocks.FindDamaged(checkpoint, files).Any())
        {
            throw new StorageCorruptionException("The backup is damaged: its bytes do not have the checksums that its manifest names.");
        }
    }

    private static void Copy(string from, string to, long length, CancellationToken cancellation)
    {
        using FileStream source = new(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        using FileStream target = new(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        byte[] buffer = new byte[ChunkBytes];
        while (length > 0 && source.Read(buffer, 0, (int)Math.Min(buffer.Length, length)) is var read && read > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            target.Write(buffer, 0, read);
            length -= read;
        }

        target.Flush(flushToDisk: true);
    }
}
