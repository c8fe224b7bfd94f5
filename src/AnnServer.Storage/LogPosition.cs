namespace AnnServer.Storage;

/// <summary>A place between two records of the log.</summary>
/// <param name="Lsn">The last record before it.</param>
/// <param name="Address">Where the next record starts, or padding before it.</param>
public readonly record struct LogPosition(ulong Lsn, long Address);
