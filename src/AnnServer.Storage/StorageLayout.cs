namespace AnnServer.Storage;

/// <summary>Every path the storage layer uses.</summary>
public sealed class StorageLayout(string directory)
{
    /// <summary>The folder that holds everything.</summary>
    public string Root { get; } = Path.GetFullPath(directory);

    /// <summary>Held exclusively while the store is open.</summary>
    public string LockFile => Path.Combine(Root, "LOCK");

    /// <summary>The write-ahead log.</summary>
    public string LogFolder => Path.Combine(Root, "wal");

    /// <summary>What the log was created with; written last, so its presence means the log is complete.</summary>
    public string FormatFile => Path.Combine(LogFolder, "FORMAT");

    /// <summary>The last commit known outside the log itself.</summary>
    public string HighWaterFile => Path.Combine(LogFolder, "HIGHWATER");

    /// <summary>Prefix of the segments: segment n is this path, a dot and n.</summary>
    public string SegmentPrefix => Path.Combine(LogFolder, "log");

    /// <summary>FASTER's occasional commit metadata; it only shortens recovery.</summary>
    public string CommitFolder => Path.Combine(LogFolder, "log-commits");

    /// <summary>Path of one segment; it holds the log addresses from <c>index × SegmentBytes</c> on.</summary>
    public string Segment(long index) => $"{SegmentPrefix}.{index}";

    /// <summary>Numbers of the segments that exist, ascending.</summary>
    internal List<long> ExistingSegments()
    {
        var found = new List<long>();
        string prefix = Path.GetFileName(SegmentPrefix) + ".";
        if (Directory.Exists(LogFolder))
        {
            foreach (string path in Directory.EnumerateFiles(LogFolder, prefix + "*"))
            {
                if (long.TryParse(Path.GetFileName(path.AsSpan())[prefix.Length..], out long index))
                {
                    found.Add(index);
                }
            }
        }

        found.Sort();
        return found;
    }
}
