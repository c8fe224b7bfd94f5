using AnnServer.Engine.Model;
using AnnServer.Storage;
using AnnServer.Storage.Pages;
using Microsoft.Extensions.Logging;

namespace AnnServer.Engine;

/// <content>Backups and their restoring.</content>
public sealed partial class Database
{
    /// <summary>
    /// Copies everything applied before the call into a folder while writing goes on: all of it, or what a backup before has not got.
    /// </summary>
    /// <param name="folder">Empty or absent.</param>
    /// <param name="before">The folder of an earlier backup, which the new one then depends on; null for one that stands alone.</param>
    /// <exception cref="IOException">The folder is not empty, the disk fails, or the backup before cannot be used.</exception>
    public async ValueTask<EngineResult<BackupInfo>> BackupAsync(string folder, string? before, CancellationToken cancellation)
    {
        if (_context.Shortage() is { } shortage)
        {
            return shortage;
        }

        try
        {
            BackupReceipt receipt = default;
            Checkpoint? copied = await _checkpointer.RequestAsync(
                (checkpoint, stopping) =>
                {
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stopping);
                    receipt = _pages.BackUp(checkpoint, folder, before, either.Token);
                }).ConfigureAwait(false);
            return copied is null ? NoCheckpoint() : new BackupInfo(copied.Redo.Lsn, receipt.CopiedBytes, receipt.ReusedBytes);
        }
        catch (ObjectDisposedException) when (IsClosed)
        {
            return Closing();
        }
        catch (StorageFaultException)
        {
            return _context.StoreFailed();
        }
    }

    /// <summary>Makes a data directory of a backup, which is checked on the way. Its database goes on with the sequence of the backup.</summary>
    /// <param name="directory">Empty or absent.</param>
    /// <returns>The sequence of the last change in it.</returns>
    /// <exception cref="IOException">The backup is damaged, or the directory is not empty.</exception>
    public static ulong Restore(string folder, string directory, ILoggerFactory loggers) => PageBackup.Restore(
        folder, new DatabaseOptions { DataDirectory = directory }.Storage, loggers.CreateLogger<Database>()).Redo.Lsn;

    /// <summary>
    /// Puts a backup, which is checked on the way, in the place of this database, and closes it: the next to open the directory opens
    /// what the backup has, and goes on with its sequence. Only while there is no collection. Where it fails nothing has changed, and the
    /// database goes on. Once the backup is unpacked it is not cancelled any more.
    /// </summary>
    /// <returns>The sequence of the last change in the backup.</returns>
    public async ValueTask<EngineResult<ulong>> RestoreAsync(string folder, CancellationToken cancellation)
    {
        if (BeginReplacement() is { } refused)
        {
            return refused;
        }

        ulong sequence;
        try
        {
            sequence = await Task.Run(() => _context.Log.Restore(folder, cancellation).Redo.Lsn, cancellation).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            GiveUpReplacement();
            if (ToRefusal(error) is { } failed)
            {
                return failed;
            }

            throw;
        }

        await DisposeAsync().ConfigureAwait(false);
        return sequence;
    }

    /// <summary>Why no backup can be restored into this database now, or null.</summary>
    public EngineError? RestoreRefusal()
    {
        int collections = _catalog.CountAll;
        return collections > 0
            ? EngineError.Of(
                EngineStatus.FailedPrecondition,
                $"A backup is restored only where there are no collections, and here there {(collections == 1 ? "is 1" : $"are {collections}")}: "
                + "delete what is there, or restore it into a new data directory with \"AnnServer restore\".")
            : _context.Log.Fault is not null ? _context.StoreFailed()
            : _context.Shortage();
    }

    // No collection is created from here on: whatever was written after the backup is in place would be lost.
    private EngineError? BeginReplacement()
    {
        lock (_catalogLock)
        {
            EngineError? refused = _isBeingReplaced ? BeingReplaced() : RestoreRefusal();
            _isBeingReplaced |= refused is null;
            return refused;
        }
    }

    private void GiveUpReplacement()
    {
        lock (_catalogLock)
        {
            _isBeingReplaced = false;
        }
    }

    private EngineError? ToRefusal(Exception error) => error switch
    {
        StorageFaultException => _context.StoreFailed(),
        StorageCorruptionException => EngineError.Of(EngineStatus.DataLoss, $"The backup cannot be restored: {error.Message}"),
        // A full disk, no permission to read: what is served is not touched by it.
        IOException or UnauthorizedAccessException => EngineError.Of(EngineStatus.FailedPrecondition, $"The backup was not restored: {error.Message}"),
        _ => null,
    };

    private static EngineError BeingReplaced() => EngineError.Of(EngineStatus.Unavailable, "A backup is being restored.");

    private static EngineError Closing() => EngineError.Of(EngineStatus.Unavailable, "The database is being closed.");

    private static EngineError NoCheckpoint() => EngineError.Of(
        EngineStatus.FailedPrecondition, "No checkpoint is made while a collection is damaged; restore a backup or delete it.");
}
