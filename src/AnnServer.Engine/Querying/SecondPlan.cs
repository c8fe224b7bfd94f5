using AnnServer.Core.Search;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Another way to search, among what a filter leaves alone.</summary>
internal readonly record struct SecondPlan(SearchStrategy Strategy, SearchEffort Effort);
