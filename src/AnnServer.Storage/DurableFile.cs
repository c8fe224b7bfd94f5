namespace AnnServer.Storage;

/// <summary>Replaces a small file so that after a crash it is the old one or the new one, never a part.</summary>
internal static class DurableFile
{
    private const string DraftSuffix = ".tmp";

    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string draft = path + DraftSuffix;
        // Shared, as somebody who copies the folder meanwhile would otherwise keep this from being written: the lock of the folder keeps
        // other writers away.
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, 1))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        DirectorySync.Flush(Path.GetDirectoryName(path)!);
    }
}
