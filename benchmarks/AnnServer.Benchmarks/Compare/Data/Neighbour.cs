namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>A row and its exact score for a query.</summary>
internal readonly record struct Neighbour(int Row, double Score);
