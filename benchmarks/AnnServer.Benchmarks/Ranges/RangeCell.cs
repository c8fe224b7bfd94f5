namespace AnnServer.Benchmarks.Ranges;

/// <summary>Means over the queries of one filter, radius and effort; of times the median.</summary>
/// <param name="Within">Points within the radius, up to the limit.</param>
/// <param name="Recall">Of those, the share that was returned.</param>
/// <param name="WorstRecall">Of a query.</param>
/// <param name="LimitDistances">Of a search for as many results as the limit allows, without a threshold.</param>
internal sealed record RangeCell(
    string Filter, string Effort, double Within, double Recall, double WorstRecall,
    double Distances, double Microseconds, double LimitDistances, double LimitMicroseconds);
