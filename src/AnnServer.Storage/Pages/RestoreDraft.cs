using Microsoft.Extensions.Logging;

namespace AnnServer.Storage.Pages;

/// <summary>
/// A store in the making inside the folder of another, whose place it takes. The folder itself may be a mount point, which cannot be
/// renamed, so its contents are exchanged:
/// 1. the draft is written in a folder of its own, checked and flushed;
/// 2. a file in it says that it is complete: from here on the draft is the store;
/// 3. each part of the store is deleted, and that of the draft renamed into its place;
/// 4. the file goes, and the folder of the draft, which has no part any more.
/// The process may end anywhere: <see cref="Settle"/> makes the last two steps, or what is left of them, and removes a draft that never
/// got to the second. All under the lock of the folder.
/// </summary>
internal static class RestoreDraft
{
    private const string CompleteFile = "COMPLETE";

    /// <summary>Begins the first step, without what may be there of an earlier draft.</summary>
    public static void Begin(StorageLayout layout)
    {
        Unmark(layout);
        Delete(layout);
        Directory.CreateDirectory(layout.DraftFolder);
        DirectorySync.Flush(layout.Root);
    }

    /// <summary>The second step.</summary>
    public static void MarkComplete(StorageLayout layout)
    {
        // Whoever finds the mark finds the parts.
        DirectorySync.Flush(layout.DraftFolder);
        DurableFile.Write(Marker(layout), []);
    }

    /// <summary>Gives a draft up, whatever step it has failed at before the third.</summary>
    /// <exception cref="IOException">
    /// It may count as complete at the next start, so the store that is there must take no more writes.
    /// </exception>
    public static void GiveUp(StorageLayout layout, ILogger logger)
    {
        Unmark(layout);
        TryDelete(layout, logger);
    }

    /// <summary>Leaves one store, whole: the draft where it is complete, else what was there before.</summary>
    /// <exception cref="IOException">A complete draft cannot be put in place.</exception>
    public static void Settle(StorageLayout layout, ILogger logger)
    {
        if (File.Exists(Marker(layout)))
        {
            PutInPlace(layout);
            StorageLog.DraftInPlace(logger, layout.DraftFolder, layout.Root);
        }

        TryDelete(layout, logger);
    }

    private static void PutInPlace(StorageLayout layout)
    {
        var draft = new StorageLayout(layout.DraftFolder);
        foreach ((string from, string to) in new[] { (draft.PageFolder, layout.PageFolder), (draft.LogFolder, layout.LogFolder) })
        {
            // A part that the draft has not got any more is in place.
            if (!Directory.Exists(from))
            {
                continue;
            }

            if (Directory.Exists(to))
            {
                Directory.Delete(to, recursive: true);
            }

            Directory.Move(from, to);
        }

        DirectorySync.Flush(layout.Root);
        Unmark(layout);
    }

    // First of all that is removed, so that no part of a draft counts as all of it.
    private static void Unmark(StorageLayout layout)
    {
        if (File.Exists(Marker(layout)))
        {
            File.Delete(Marker(layout));
            DirectorySync.Flush(layout.DraftFolder);
        }
    }

    private static void Delete(StorageLayout layout)
    {
        if (Directory.Exists(layout.DraftFolder))
        {
            Directory.Delete(layout.DraftFolder, recursive: true);
        }
    }

    private static void TryDelete(StorageLayout layout, ILogger logger)
    {
        try
        {
            Delete(layout);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing is read from it. It is in the way of the next draft, and of nobody else.
            StorageLog.DraftStays(logger, layout.DraftFolder, error.Message);
        }
    }

    private static string Marker(StorageLayout layout) => Path.Combine(layout.DraftFolder, CompleteFile);
}
