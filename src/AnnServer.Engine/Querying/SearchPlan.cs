using AnnServer.Core.Search;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>How a search will be answered.</summary>
/// <param name="Effort">Of a walk; in an exact search, the results to find.</param>
/// <param name="Distances">Distances that it is estimated to compute; for a radius, that it may have to.</param>
/// <param name="RecallEstimate">See <see cref="SearchReport.RecallEstimate"/>.</param>
/// <param name="CodesWidth">
/// Where all are compared, by their codes, the candidates that are then ordered by their vectors; 0 where all are compared by these.
/// </param>
/// <param name="LooksIn">Of a search by parts, the share of the parts that it is estimated to look in.</param>
/// <param name="Then">What is tried where a walk under a filter, or a search by parts where all match, is given up; null to compare with all.</param>
internal readonly record struct SearchPlan(
    SearchStrategy Strategy, SearchEffort Effort, long Distances, double RecallEstimate, int CodesWidth = 0, SecondPlan? Then = null, double LooksIn = 0);
