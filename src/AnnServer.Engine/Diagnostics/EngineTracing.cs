using System.Diagnostics;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Diagnostics;

/// <summary>Spans of the engine. Nothing is built unless somebody listens.</summary>
public static class EngineTracing
{
    public const string SourceName = "AnnServer.Engine";

    private static readonly ActivitySource Source = new(SourceName);

    /// <param name="microsecondsBefore">What has been done for the search already.</param>
    internal static Activity? StartSearch(string collection, double microsecondsBefore)
    {
        Activity? activity = Source.StartActivity("search");
        if (activity is { IsAllDataRequested: true })
        {
            activity.DisplayName = $"search {collection}";
            activity.SetStartTime(activity.StartTimeUtc.AddMicroseconds(-microsecondsBefore));
            activity.SetTag("db.system.name", "annserver");
            activity.SetTag("db.operation.name", "search");
            activity.SetTag("db.collection.name", collection);
        }

        return activity;
    }

    internal static void EndSearch(Activity? activity, SearchReport report, int hits)
    {
        if (activity is not { IsAllDataRequested: true })
        {
            return;
        }

        activity.SetTag("db.response.returned_rows", hits);
        activity.SetTag("ann.strategy", report.Strategy.ToName());
        activity.SetTag("ann.ef", report.EfUsed);
        activity.SetTag("ann.distance_computations", report.DistanceComputations);
        activity.SetTag("ann.expansions", report.Expansions);
        activity.SetTag("ann.estimated_selectivity", report.Selectivity);
        activity.SetTag("ann.matching", report.Matching);
        activity.SetTag("ann.recall_estimate", report.RecallEstimate);
        activity.SetTag("ann.exact_fallback", report.ExactFallback);
        activity.SetTag("ann.filter_us", report.FilterMicroseconds);
        activity.SetTag("ann.search_us", report.SearchMicroseconds);
        activity.SetTag("ann.total_us", report.TotalMicroseconds);
    }
}
