namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>Questions that are measured, and reported, together.</summary>
/// <param name="Group">Shape of the filters, or group of the data set.</param>
/// <param name="Band">Selectivity, or a band of it.</param>
internal sealed record QuestionCell(string Group, string Band, IReadOnlyList<FilteredQuestion> Questions)
{
    /// <summary>The same with at most so many questions.</summary>
    public QuestionCell First(int most) => this with { Questions = [.. Questions.Take(most)] };
}
