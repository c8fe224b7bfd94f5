using AnnServer.LoadGen.Queries;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Similar;

/// <summary>Whose neighbours are wanted, and how they are searched.</summary>
internal sealed record SimilarPlan(string Collection, PointId Id, int K, string? Filter, Effort Effort, bool Explain);
