namespace AnnServer.LoadGen.Reports;

internal sealed record SimilarPoint(int Rank, string Id, float Score, string Attributes);
