using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>How a search will be answered.</summary>
/// <param name="K">Results to find: never more than there are.</param>
/// <param name="Width">Candidates of a walk.</param>
/// <param name="Distances">Distances that it is estimated to compute.</param>
/// <param name="Budget">Distances after which a walk is given up for an exact scan.</param>
internal readonly record struct SearchPlan(SearchStrategy Strategy, int K, int Width, long Distances, long Budget);
