namespace AnnServer.Storage;

/// <summary>What a replay read.</summary>
/// <param name="Records">Records handed to the handler.</param>
/// <param name="LastLsn">LSN of the last one, 0 for an empty log.</param>
/// <param name="Bytes">Bytes of log walked.</param>
/// <param name="Elapsed">Wall time, the handler included.</param>
public readonly record struct ReplaySummary(long Records, ulong LastLsn, long Bytes, TimeSpan Elapsed);
