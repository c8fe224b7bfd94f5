namespace AnnServer.LoadGen.Processes;

/// <summary>Bytes of all files below a folder that somebody writes to meanwhile.</summary>
internal static class FolderSize
{
    public static long Of(string folder)
    {
        long bytes = 0;
        EnumerationOptions all = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles("*", all))
        {
            // Removed since it was listed: it has no bytes any more.
            if (file.Exists)
                bytes += file.Length;
        }
        return bytes;
    }
}
