using AnnServer.Core.Search;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>How a search will be answered.</summary>
/// <param name="Effort">Of a walk; in an exact search, the results to find and the candidates to order by their vectors.</param>
/// <param name="Distances">Distances that it is estimated to compute.</param>
/// <param name="RecallEstimate">See <see cref="SearchReport.RecallEstimate"/>.</param>
internal readonly record struct SearchPlan(SearchStrategy Strategy, SearchEffort Effort, long Distances, double RecallEstimate);
