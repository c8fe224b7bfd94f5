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

    /// <summary>The page store.</summary>
    public string PageFolder => Path.Combine(Root, "pages");

    /// <summary>Prefix of the segments of the page log, which are named and addressed like those of the log.</summary>
    public string PagePrefix => Path.Combine(PageFolder, "pages");

    /// <summary>Where FASTER keeps its own description of each checkpoint, a folder each.</summary>
    public string CheckpointFolder => Path.Combine(PageFolder, "checkpoints");

    /// <summary>Where a backup is unpacked before it takes the place of what is in the folder. No backup can have the name.</summary>
    public string DraftFolder => Path.Combine(Root, ".restoring");

    /// <summary>FASTER's folder of one checkpoint.</summary>
    public string Token(Guid token) => Path.Combine(TokenFolder, token.ToString());

    internal string TokenFolder => Path.Combine(CheckpointFolder, "cpr-checkpoints");

    /// <summary>The file that makes a checkpoint one.</summary>
    public string Manifest(long number) => $"{ManifestPrefix}{number}";

    private string ManifestPrefix => Path.Combine(PageFolder, "MANIFEST-");

    /// <summary>Path of one segment of the page log.</summary>
    public string PageSegment(long index) => $"{PagePrefix}.{index}";

    /// <summary>Path of one segment; it holds the log addresses from <c>index × SegmentBytes</c> on.</summary>
    public string Segment(long index) => $"{SegmentPrefix}.{index}";

    /// <summary>Numbers of the segments that exist, ascending.</summary>
    internal List<long> ExistingSegments() => NumbersAfter(SegmentPrefix + ".");

    /// <summary>Numbers of the segments of the page log that exist, ascending.</summary>
    internal List<long> ExistingPageSegments() => NumbersAfter(PagePrefix + ".");

    /// <summary>Numbers of the manifests that exist, ascending.</summary>
    internal List<long> ExistingManifests() => NumbersAfter(ManifestPrefix);

    // Files that are named otherwise are none of ours.
    private static List<long> NumbersAfter(string prefix)
    {
        var found = new List<long>();
        string folder = Path.GetDirectoryName(prefix)!;
        string start = Path.GetFileName(prefix);
        if (Directory.Exists(folder))
        {
            foreach (string path in Directory.EnumerateFiles(folder, start + "*"))
            {
                if (long.TryParse(Path.GetFileName(path.AsSpan())[start.Length..], out long number))
                {
                    found.Add(number);
                }
            }
        }

        found.Sort();
        return found;
    }
}
