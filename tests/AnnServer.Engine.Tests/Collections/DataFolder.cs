namespace AnnServer.Engine.Tests.Collections;

/// <summary>A data directory that is gone at the end of the test.</summary>
internal sealed class DataFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ann-engine-").FullName;

    /// <summary>What a process killed at this moment would leave behind.</summary>
    public DataFolder Snapshot()
    {
        while (true)
        {
            var copy = new DataFolder();
            try
            {
                CopyTo(copy);
                // Files that were written or deleted meanwhile would be of different moments.
                if (IsSameAs(copy))
                {
                    return copy;
                }
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                // It was deleted meanwhile.
            }

            copy.Dispose();
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private void CopyTo(DataFolder copy)
    {
        foreach (string file in Files())
        {
            string target = System.IO.Path.Combine(copy.Path, file);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            using FileStream from = Open(file);
            using FileStream to = File.Create(target);
            from.CopyTo(to);
        }
    }

    private bool IsSameAs(DataFolder copy) => Files().SequenceEqual(copy.Files()) && Files().TrueForAll(file =>
    {
        using FileStream left = Open(file);
        using FileStream right = copy.Open(file);
        byte[] expected = new byte[right.Length];
        byte[] actual = new byte[right.Length];
        right.ReadExactly(expected);
        return left.Length == right.Length && left.ReadAtLeast(actual, actual.Length, throwOnEndOfStream: false) == actual.Length
            && expected.AsSpan().SequenceEqual(actual);
    });

    private List<string> Files() =>
    [
        .. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(Path, file))
            .Where(static file => file != "LOCK")
            .Order(StringComparer.Ordinal),
    ];

    private FileStream Open(string file) => new(
        System.IO.Path.Combine(Path, file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
