using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>How a search will be answered.</summary>
/// <param name="Budget">Distances after which a walk is given up for an exact scan.</param>
internal readonly record struct SearchPlan(SearchStrategy Strategy, long Budget);
