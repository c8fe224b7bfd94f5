namespace AnnServer.Engine;

/// <summary>Counters of a database at one moment.</summary>
public readonly record struct DatabaseStats(
    ulong Sequence,
    ulong DurableSequence,
    long LogBytes,
    int KernelBits,
    long ReplayedRecords,
    TimeSpan ReplayTime,
    long Searches,
    long Upserts,
    long Deletes);
