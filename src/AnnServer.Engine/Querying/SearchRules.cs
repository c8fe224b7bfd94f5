using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying.Shapes;

namespace AnnServer.Engine.Querying;

/// <summary>What a search may ask for. Adds every fault.</summary>
internal static class SearchRules
{
    public static void Check(SearchQuery query, CollectionConfig config, EngineLimits limits, Faults faults)
    {
        PointRules.CheckVector(query.Vector.Span, config, faults);
        if (query.K < 1 || query.K > limits.MaxK)
        {
            faults.Add("k", $"is {query.K}; 1 to {limits.MaxK} are allowed");
        }

        if (query.Ef is { } ef && (ef < 1 || ef > limits.MaxEf))
        {
            faults.Add("ef", $"is {ef}; 1 to {limits.MaxEf} are allowed");
        }

        if (query.RecallTarget is { } target && !(target > 0 && target <= 1))
        {
            faults.Add("recall_target", $"is {target}; above 0 and up to 1 is allowed");
        }

        if (query.ScoreThreshold is { } threshold && float.IsNaN(threshold))
        {
            faults.Add("score_threshold", "is not a number");
        }

        ShapeRules.Check(query, config, limits, faults);
    }
}
