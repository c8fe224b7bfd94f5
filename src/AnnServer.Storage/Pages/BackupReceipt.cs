namespace AnnServer.Storage.Pages;

/// <summary>What a backup took.</summary>
/// <param name="CopiedBytes">Written to the folder.</param>
/// <param name="ReusedBytes">Left in the backups before, on which this one depends.</param>
public readonly record struct BackupReceipt(long CopiedBytes, long ReusedBytes);
