namespace AnnServer.Core.Search;

/// <summary>A node and its distance to the query; a smaller distance is nearer.</summary>
public readonly record struct Candidate(float Distance, uint Ordinal);
