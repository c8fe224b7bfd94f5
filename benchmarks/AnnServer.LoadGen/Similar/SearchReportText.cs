using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Similar;

/// <summary>A search report as one line.</summary>
internal static class SearchReportText
{
    public static string Of(SearchReport? report)
    {
        if (report is null)
            return "The server sent no report.";
        string effort = report.EfUsed > 0 ? $" with ef {report.EfUsed}" : "";
        string recall = report.RecallEstimate > 0 ? $", recall {report.RecallEstimate:0.###} to expect" : "";
        string fallback = report.ExactFallback ? ", then every match compared" : "";
        return $"{report.Strategy}{effort}{fallback}: {report.DistanceComputations:N0} distances, {report.Expansions:N0} expansions{recall}; "
            + $"{report.Matching:N0} points match (estimated {report.EstimatedSelectivity * 100:0.##} %); "
            + $"filter {report.FilterMicroseconds:F0} µs, search {report.SearchMicroseconds:F0} µs, total {report.TotalMicroseconds:F0} µs";
    }
}
