using AnnServer.LoadGen.Queries;

namespace AnnServer.LoadGen.Filters;

/// <summary>How the pairs are sent.</summary>
internal sealed record FilteredPlan(string Collection, int K, Effort Effort, bool AsExpression, int Concurrency);
