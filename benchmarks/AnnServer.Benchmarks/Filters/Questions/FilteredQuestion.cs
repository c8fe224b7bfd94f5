using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>A query with a filter, and what is right.</summary>
internal sealed record FilteredQuestion(float[] Vector, Predicate Predicate, FilteredTruth Truth);
