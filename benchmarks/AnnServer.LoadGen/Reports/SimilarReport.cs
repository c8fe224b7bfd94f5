namespace AnnServer.LoadGen.Reports;

/// <summary>The nearest neighbours of one point.</summary>
/// <param name="ScoreName">What the score is under the metric of the collection.</param>
/// <param name="Explanation">How the server found them; null where that was not asked for.</param>
internal sealed record SimilarReport(
    string Collection, string Id, string ScoreName, IReadOnlyList<SimilarPoint> Points, string? Explanation);
