using AnnServer.LoadGen.Queries;

namespace AnnServer.LoadGen.RequestFiles;

/// <summary>Which requests to write.</summary>
/// <param name="Batch">Points of an upsert, or queries of a batch.</param>
internal sealed record RequestPlan(RequestKind Kind, string Collection, int Count, int Batch, int K, Effort Effort, string? Filter);
