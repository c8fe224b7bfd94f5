namespace AnnServer.Hosting;

/// <summary>What a backup has brought back.</summary>
/// <param name="Sequence">Of the last write in it.</param>
internal readonly record struct RestoreInfo(ulong Sequence, int Collections, long Points);
