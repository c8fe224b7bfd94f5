namespace AnnServer.Engine;

/// <summary>Every write up to <paramref name="Sequence"/> is in the checkpoint.</summary>
/// <param name="LogBytes">Bytes of log that the next start replays.</param>
public readonly record struct CheckpointReceipt(ulong Sequence, long LogBytes);
