using AnnServer.Core.Search;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>How a search will be answered.</summary>
/// <param name="Effort">Of a walk; in an exact search, the results to find.</param>
/// <param name="Distances">Distances that it is estimated to compute.</param>
/// <param name="RecallEstimate">See <see cref="SearchReport.RecallEstimate"/>.</param>
/// <param name="ByCodes">Where all are compared, codes are enough, and the best by their vectors.</param>
/// <param name="Then">The effort of a walk inside the filter, where one through all nodes is given up; null to compare with all.</param>
internal readonly record struct SearchPlan(
    SearchStrategy Strategy, SearchEffort Effort, long Distances, double RecallEstimate, bool ByCodes = false, SearchEffort? Then = null);
