namespace AnnServer.Engine.Model;

/// <summary>A write that was made, and is as durable as was asked for.</summary>
/// <param name="Affected">Points written, deleted or changed.</param>
/// <param name="Sequence">A later read with <c>ReadAfter</c> set to it sees the write.</param>
public readonly record struct WriteReceipt(long Affected, ulong Sequence);
