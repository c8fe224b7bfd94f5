using AnnServer.Core.Search;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying.Recall;

/// <summary>
/// The one number that says how hard a search tries. Where distances have an origin it is the slack of <see cref="SearchEffort"/>, which
/// gives each query what it needs; for a walk under the inner product it is the candidates kept for each result wanted.
/// </summary>
internal static class EffortLadder
{
    // Candidates kept beside the results, so that it is the slack which ends the walk; and room to be ordered by the vectors.
    private const int LeastWidth = 1024;

    private static readonly double[] Slacks = [0.94, 0.97, 1, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12, 1.15, 1.19, 1.24];
    private static readonly double[] Cosines = [0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1];
    private static readonly double[] Widths = [1, 1.4, 2, 3, 4.5, 6.5, 9, 13, 19, 28, 40, 60];

    /// <summary>Efforts to measure, the least first.</summary>
    public static IReadOnlyList<double> Of(Metric metric, WalkKind walk) =>
        walk == WalkKind.Partitions ? Cosines : metric == Metric.Dot ? Widths : Slacks;

    public static SearchEffort ToEffort(Metric metric, double effort, int k, long budget) => metric == Metric.Dot
        ? new SearchEffort(k, (int)((k + 8) * effort), budget)
        : new SearchEffort(k, LeastWidth + (2 * k), budget, (float)effort);

    /// <summary>Of a search by parts.</summary>
    /// <param name="width">Candidates that are ordered by their vectors.</param>
    /// <param name="share">Of the points, that satisfy the filter.</param>
    /// <param name="dense">The effort where all points around a query do.</param>
    public static SearchEffort ToPartitions(double effort, int k, int width, double share, double dense) =>
        new(k, width, Slack: (float)effort) { Share = (float)share, DenseSlack = (float)dense };
}
