using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>
/// Random searches. Exact ones have to find the model's nearest points; others as many points as there are to find, all of them
/// right, and over the run nearly all of the nearest.
/// </summary>
internal sealed class Searches(Random random, Tally tally)
{
    private const int MostResults = 20;
    private const int MostQueries = 6;

    // Half of the searches that may walk the graph are alike, so that their recall means something.
    private const int MeasuredResults = 10;
    private const int MeasuredEf = 48;

    private static readonly int?[] OtherEfs = [null, 10, 24, 100];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Step One(OperationKind kind, Subject subject)
    {
        bool isFiltered = kind == OperationKind.FilteredGraphSearch || (kind == OperationKind.ExactSearch && random.Next(2) == 0);
        Drawn drawn = Draw(subject, isFiltered ? Filter() : null, kind == OperationKind.ExactSearch);
        return Step.Read(kind, subject, drawn.ToString(), collection =>
        {
            SearchAnswer answer = collection.Search(drawn.Query, new Faults(), Cancellation).Value;
            Check(subject, collection, drawn, answer);
            return answer.Hits.Count;
        });
    }

    /// <summary>Several searches at once, some with the same filter.</summary>
    public Step Batch(Subject subject)
    {
        var filters = new ModelFilter?[] { null, Filter(), Filter() };
        Drawn[] drawn = [.. Enumerable
            .Range(0, 1 + random.Next(MostQueries))
            .Select(_ => Draw(subject, filters[random.Next(filters.Length)], random.Next(2) == 0))];
        return Step.Read(OperationKind.SearchBatch, subject, string.Join("; ", drawn.AsEnumerable()), collection =>
        {
            IReadOnlyList<SearchAnswer> answers =
                collection.SearchBatch([.. drawn.Select(one => one.Query)], new Faults(), Cancellation).Value;
            Assert.Equal(drawn.Length, answers.Count);
            for (int i = 0; i < drawn.Length; i++)
            {
                Check(subject, collection, drawn[i], answers[i]);
            }

            return answers.Sum(answer => answer.Hits.Count);
        });
    }

    private void Check(Subject subject, Collection collection, Drawn drawn, SearchAnswer answer)
    {
        SearchQuery query = drawn.Query;
        float[] vector = query.Vector.ToArray();
        if (query.Exact)
        {
            subject.Model.AssertExact(vector, query.K, drawn.Filter, answer.Hits);
            return;
        }

        double recall = subject.Model.AssertApproximate(vector, query.K, drawn.Filter, answer.Hits);
        if (query is not { K: MeasuredResults, Ef: MeasuredEf } || answer.Hits.Count < MeasuredResults)
        {
            return;
        }

        if (answer.Report is { Strategy: SearchStrategy.Graph, ExactFallback: false })
        {
            tally.Walked(subject, drawn.Filter is not null, recall);
        }
        else if (drawn.Filter is null)
        {
            // So few points that comparing with all is cheaper; their graph is to be sound all the same.
            tally.Walked(subject, false, subject.Model.Recall(vector, MeasuredResults, Walk(collection, vector)));
        }
    }

    private static float[] Walk(Collection collection, float[] vector)
    {
        using ScratchPool.Scope scope = new ScratchPool().Rent();
        SearchScratch scratch = scope.Scratch;
        collection.Data.Index.Search(vector, new SearchEffort(MeasuredResults, MeasuredEf), null, scratch, Cancellation);
        int found = Math.Min(MeasuredResults, scratch.ResultCount);
        return [.. Enumerable.Range(0, found).Select(i => CollectionData.ToScore(collection.Config.Metric, scratch.Result(i).Distance))];
    }

    // The graph is walked only where many points match.
    private ModelFilter Filter() => random.Next(2) == 0 ? ModelFilter.Broad(random) : ModelFilter.Random(random);

    private Drawn Draw(Subject subject, ModelFilter? filter, bool isExact)
    {
        bool isMeasured = random.Next(2) == 0;
        var query = new SearchQuery
        {
            Vector = RandomPoints.Vector(random, subject.Model.Config.Dimension),
            K = isMeasured ? MeasuredResults : 1 + random.Next(MostResults),
            Ef = isMeasured ? MeasuredEf : OtherEfs[random.Next(OtherEfs.Length)],
            Filter = filter is null ? FilterSpec.None : random.Next(2) == 0 ? filter.Spec : filter.Written,
            Exact = isExact,
            WithAttributes = true,
            WithVector = true,
        };
        return new Drawn(query, filter);
    }

    private sealed record Drawn(SearchQuery Query, ModelFilter? Filter)
    {
        public override string ToString() => $"{(Query.Exact ? "exact " : "")}k {Query.K}, ef {Query.Ef}, filter {Filter}";
    }
}
