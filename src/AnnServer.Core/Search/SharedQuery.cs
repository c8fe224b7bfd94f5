namespace AnnServer.Core.Search;

/// <summary>One of several queries that are compared with the same points.</summary>
/// <param name="Effort">Its results, and the candidates kept for them; there is no walk to limit.</param>
public readonly record struct SharedQuery(ReadOnlyMemory<float> Vector, SearchEffort Effort);
