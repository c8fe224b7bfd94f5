namespace AnnServer.Core.Graph;

/// <summary>Names one list of links: those of a node on a layer.</summary>
public readonly record struct RowKey(uint Ordinal, int Layer);
