namespace AnnServer.Engine;

/// <summary>Counters of a database at one moment.</summary>
public readonly record struct DatabaseStats(
    ulong Sequence,
    ulong DurableSequence,
    long LogBytes,
    long CheckpointNumber,
    long PageStoreBytes,
    int KernelBits,
    long ReplayedRecords,
    TimeSpan ReplayTime,
    long Searches,
    long Upserts,
    long Deletes);
