namespace AnnServer.Storage.Pages;

/// <summary>
/// The file in which FASTER describes one of its checkpoints. It believes whatever that says; others that it puts beside it, such as an
/// empty log of deltas when it opens the checkpoint, mean nothing for a fold-over.
/// </summary>
internal static class TokenFiles
{
    private const string Description = "info.dat.0";

    public static string PathOf(StorageLayout layout, Guid token) => Path.Combine(layout.Token(token), Description);

    /// <summary>The checksum of the file, null where there is none.</summary>
    public static uint? Checksum(StorageLayout layout, Guid token)
    {
        string path = PathOf(layout, token);
        return File.Exists(path) ? Crc32C.Compute(File.ReadAllBytes(path)) : null;
    }

    /// <summary>Makes the entries of the folders durable down to the files, whose bytes FASTER has written through.</summary>
    public static void Flush(StorageLayout layout, Guid token)
    {
        DirectorySync.Flush(layout.Token(token));
        DirectorySync.Flush(layout.TokenFolder);
        DirectorySync.Flush(layout.CheckpointFolder);
        DirectorySync.Flush(layout.PageFolder);
    }
}
