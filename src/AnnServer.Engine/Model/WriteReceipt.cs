namespace AnnServer.Engine.Model;

/// <summary>A write that is durable.</summary>
/// <param name="Affected">Points written, deleted or changed.</param>
/// <param name="Sequence">A later read with <c>ReadAfter</c> set to it sees the write.</param>
public readonly record struct WriteReceipt(long Affected, ulong Sequence);
