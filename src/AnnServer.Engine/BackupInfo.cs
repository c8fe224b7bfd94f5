namespace AnnServer.Engine;

/// <summary>What a backup holds.</summary>
/// <param name="Sequence">Every write up to it, and none after.</param>
/// <param name="CopiedBytes">Bytes of pages in its folder.</param>
/// <param name="ReusedBytes">Bytes of pages that are in the backups before, on which it depends.</param>
public readonly record struct BackupInfo(ulong Sequence, long CopiedBytes, long ReusedBytes);
