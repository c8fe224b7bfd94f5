using AnnServer.Core.Search;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Another way to search under a filter, where the first is given up.</summary>
/// <param name="RecallEstimate">See <see cref="SearchReport.RecallEstimate"/>.</param>
internal readonly record struct SecondPlan(SearchStrategy Strategy, SearchEffort Effort, double RecallEstimate);
