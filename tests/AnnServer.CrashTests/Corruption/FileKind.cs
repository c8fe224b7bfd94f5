namespace AnnServer.CrashTests.Corruption;

/// <summary>What the files of a data folder are for, as they are called in the report.</summary>
internal static class FileKind
{
    public const string LogSegment = "segment of the log";
    public const string LogFormat = "format of the log";
    public const string HighWater = "high-water mark";
    public const string CommitMetadata = "commit metadata of the log";
    public const string Manifest = "manifest of a checkpoint";
    public const string PageSegment = "segment of the page log";
    public const string Description = "FASTER's description of a checkpoint";
    public const string Lock = "lock";
    public const string LeftOver = "file that is left over";

    /// <summary>Each with how often it is damaged: what is long, and what can be repaired, is worth more trials.</summary>
    public static readonly IReadOnlyList<(string Kind, int Weight)> All =
    [
        (LogSegment, 6), (LogFormat, 1), (HighWater, 2), (CommitMetadata, 2), (Manifest, 3), (PageSegment, 6), (Description, 2), (Lock, 1),
        (LeftOver, 2),
    ];

    /// <param name="path">Below the data folder.</param>
    public static string Of(string path) => path switch
    {
        "LOCK" => Lock,
        "wal/FORMAT" => LogFormat,
        "wal/HIGHWATER" => HighWater,
        _ when path.StartsWith("wal/log-commits/", StringComparison.Ordinal) => CommitMetadata,
        _ when path.StartsWith("wal/log.", StringComparison.Ordinal) => LogSegment,
        _ when path.StartsWith("pages/MANIFEST-", StringComparison.Ordinal) => Manifest,
        _ when path.StartsWith("pages/pages.", StringComparison.Ordinal) => PageSegment,
        _ when path.StartsWith("pages/checkpoints/", StringComparison.Ordinal) => Description,
        _ => LeftOver,
    };
}
