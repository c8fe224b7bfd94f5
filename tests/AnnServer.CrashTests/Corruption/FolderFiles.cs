namespace AnnServer.CrashTests.Corruption;

/// <summary>The bytes of every file of a data folder, by path below it.</summary>
internal static class FolderFiles
{
    /// <summary>Reads a folder, also while it is in use. Nothing is ever written to its lock, which cannot be read then.</summary>
    public static Dictionary<string, byte[]> Read(string folder)
    {
        var files = new Dictionary<string, byte[]>();
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(folder, file);
            try
            {
                files.Add(path, FileKind.Of(path) == FileKind.Lock ? [] : ReadShared(file));
            }
            catch (FileNotFoundException)
            {
                // FASTER deletes what it has replaced in the background.
                continue;
            }
        }

        return files;
    }

    public static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public static void Write(string folder, IReadOnlyDictionary<string, byte[]> files)
    {
        foreach ((string path, byte[] bytes) in files)
        {
            string file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }
}
