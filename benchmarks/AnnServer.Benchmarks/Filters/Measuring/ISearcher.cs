using AnnServer.Benchmarks.Filters.Questions;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>A way to answer filtered queries.</summary>
internal interface ISearcher
{
    /// <param name="matches">Which rows satisfy the filter, for who filters on the client's side.</param>
    void Search(FilteredQuestion question, bool[] matches, LabAnswer answer);
}
