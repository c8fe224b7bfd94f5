namespace AnnServer.Engine.Tests.Collections;

/// <summary>A data directory that is gone at the end of the test.</summary>
internal sealed class DataFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ann-engine-").FullName;

    /// <summary>What a process killed at this moment would leave behind.</summary>
    public DataFolder Snapshot()
    {
        var copy = new DataFolder();
        foreach (string source in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
        {
            if (System.IO.Path.GetFileName(source) == "LOCK")
            {
                continue;
            }

            string target = System.IO.Path.Combine(copy.Path, System.IO.Path.GetRelativePath(Path, source));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream to = File.Create(target);
            from.CopyTo(to);
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
