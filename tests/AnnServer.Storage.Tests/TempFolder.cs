namespace AnnServer.Storage.Tests;

/// <summary>A folder that is gone at the end of the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("annserver-storage-").FullName;

    public string Path { get; }

    /// <summary>What a killed process would leave behind: the files as they are at this moment.</summary>
    public TempFolder Snapshot()
    {
        var copy = new TempFolder();
        foreach (string source in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
        {
            string target = System.IO.Path.Combine(copy.Path, System.IO.Path.GetRelativePath(Path, source));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            if (System.IO.Path.GetFileName(source) != "LOCK")
            {
                using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using FileStream to = File.Create(target);
                from.CopyTo(to);
            }
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
