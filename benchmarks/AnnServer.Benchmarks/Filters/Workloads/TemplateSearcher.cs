using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Workloads;

/// <summary>Answers each question as is best for its template.</summary>
internal sealed class TemplateSearcher(IReadOnlyDictionary<Predicate, ISearcher> searchers) : ISearcher
{
    public void Search(FilteredQuestion question, bool[] matches, LabAnswer answer) =>
        searchers[question.Predicate].Search(question, matches, answer);
}
