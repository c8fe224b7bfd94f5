using System.Text;

namespace AnnServer.Storage.Pages;

/// <summary>The files in which FASTER describes one of its checkpoints. It believes whatever they say.</summary>
internal static class TokenFiles
{
    /// <summary>A checksum of all files of the folder, their names included.</summary>
    public static uint Checksum(StorageLayout layout, Guid token)
    {
        uint checksum = 0;
        if (Directory.Exists(layout.Token(token)))
        {
            foreach (string path in Directory.GetFiles(layout.Token(token)).Order(StringComparer.Ordinal))
            {
                checksum = Crc32C.Append(checksum, Encoding.UTF8.GetBytes(Path.GetFileName(path)));
                checksum = Crc32C.Append(checksum, File.ReadAllBytes(path));
            }
        }

        return checksum;
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
