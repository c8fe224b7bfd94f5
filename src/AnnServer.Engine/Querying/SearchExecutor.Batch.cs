using System.Diagnostics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <content>Several searches at once: those with one filter that compare with all it leaves, or look in its parts, do so together.</content>
internal sealed partial class SearchExecutor
{
    /// <summary>As <see cref="Search"/> for several searches, which are checked before any is made; the limit is for all of them together.</summary>
    public EngineResult<bool> SearchBatch(
        IReadOnlyList<SearchQuery> queries, IReadOnlyList<SearchAnswer> answers, long limit, Faults faults, CancellationToken cancellation)
    {
        CollectionConfig config = data.Config;
        PointRules.CheckBatch(queries.Count, "queries", context.Limits.MaxBatchQueries, faults);
        var filters = new FilterState[queries.Count];
        Dictionary<string, FilterState> written = new(StringComparer.Ordinal);
        Dictionary<string, FilterState> known = new(StringComparer.Ordinal);
        ulong readAfter = 0;
        for (int i = 0; i < filters.Length; i++)
        {
            SearchQuery query = queries[i];
            using Faults.Scope path = faults.Within("queries", i);
            SearchRules.Check(query, config, context.Limits, faults);
            filters[i] = Compile(query.Filter, config, written, known, faults);
            readAfter = Math.Max(readAfter, query.ReadAfter);
        }

        if (faults.Any)
        {
            return faults.ToError();
        }

        if (context.CheckFence(readAfter) is { } behind)
        {
            return behind;
        }

        using ScratchPool.Scope scope = context.Scratches.Rent();
        if (data.IsDropped)
        {
            return Catalog.NotFound(config.Name);
        }

        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        bool isShort = limit == long.MaxValue || Estimate(queries, filters, config, limit, cancellation) <= limit;
        var answered = new bool[queries.Count];
        if (isShort)
        {
            AnswerShared(queries, filters, config, scope.Scratch, answers, answered, ref size, cancellation);
        }

        for (int i = 0; isShort && i < filters.Length && !size.IsTooLarge; i++)
        {
            if (!answered[i])
            {
                Answer(queries[i], filters[i], config, scope.Scratch, answers[i], ref size, cancellation);
            }
        }

        foreach (FilterState filter in filters)
        {
            filter.Forget(reader);
        }

        return size.IsTooLarge ? size.ToError("queries") : isShort;
    }

    // Queries with equivalent filters share one evaluation of it; those with the same text are not even compiled again.
    private FilterState Compile(
        FilterSpec filter, CollectionConfig config, Dictionary<string, FilterState> written, Dictionary<string, FilterState> known, Faults faults)
    {
        string? text = filter.Predicate is null ? filter.Expression : null;
        if (text is not null && written.TryGetValue(text, out FilterState? state))
        {
            return state;
        }

        if (context.Filters.Compile(data.Number, filter, config, context.Limits, faults) is not { } compiled)
        {
            return FilterState.None;
        }

        if (!known.TryGetValue(compiled.Text, out state))
        {
            state = FilterState.Of(compiled);
            known.Add(compiled.Text, state);
        }

        if (text is not null)
        {
            written.Add(text, state);
        }

        return state;
    }

    // Distances that the searches will compute, as the planner sees it; those beyond the limit are not looked at.
    private long Estimate(
        IReadOnlyList<SearchQuery> queries, FilterState[] filters, CollectionConfig config, long limit, CancellationToken cancellation)
    {
        long distances = 0;
        for (int i = 0; i < filters.Length && distances <= limit; i++)
        {
            distances += Estimate(queries[i], filters[i], config, cancellation);
        }

        return distances;
    }

    // A group that points have changed under is left, in part or as a whole, to be answered one by one.
    private void AnswerShared(
        IReadOnlyList<SearchQuery> queries,
        FilterState[] filters,
        CollectionConfig config,
        SearchScratch scratch,
        IReadOnlyList<SearchAnswer> answers,
        bool[] answered,
        ref AnswerSize size,
        CancellationToken cancellation)
    {
        foreach (IGrouping<FilterState, int> group in Enumerable.Range(0, queries.Count).GroupBy(i => filters[i]))
        {
            int[] members = [.. group.Where(i => !queries[i].IsShaped)];
            if (members.Length < 2)
            {
                continue;
            }

            group.Key.Evaluate(reader, data, cancellation);
            group.Key.SharedBy(members.Length);
            SharedSearch[] searches =
            [
                .. members
                    .Select(i => new SharedSearch(queries[i], answers[i], i, Plan(queries[i], group.Key, config, out _, out _, members.Length)))
                    .Where(static search => search.Plan.Strategy is SearchStrategy.Exact or SearchStrategy.Partitions),
            ];
            double filterTime = group.Key.Microseconds / Math.Max(1, searches.Length);
            double share = (double)group.Key.Matching / Math.Max(1, data.Index.LiveCount);
            foreach (IGrouping<(bool ByParts, bool ByCodes), SharedSearch> alike in searches.GroupBy(static search => (search.ByParts, search.ByCodes)))
            {
                int most = alike.Key.ByParts
                    ? Math.Max(1, data.Index.MostSharedByParts(alike.Max(static search => search.Plan.Effort.Width)))
                    : VectorIndex.MaxShared;
                int chunks = (alike.Count() + most - 1) / most;
                foreach (SharedSearch[] together in alike.Chunk((alike.Count() + chunks - 1) / chunks))
                {
                    bool pays = alike.Key.ByParts
                        ? SearchPlanner.PaysToShareParts(together[0].Plan, data.Recall.Model, together.Length)
                        : SearchPlanner.PaysToShare(together[0].Plan, data.Recall.Model, share, together.Length);
                    if (pays && !size.IsTooLarge && AnswerTogether(together, group.Key, filterTime, config, scratch, answered, ref size, cancellation))
                    {
                        group.Key.TakeMicroseconds();
                    }
                }
            }
        }
    }

    // False where the filter's matches are not at hand by parts: then each is answered alone.
    private bool AnswerTogether(
        SharedSearch[] searches,
        FilterState filter,
        double filterTime,
        CollectionConfig config,
        SearchScratch scratch,
        bool[] answered,
        ref AnswerSize size,
        CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        long revision = filter.Revision(data);
        bool byCodes = searches[0].ByCodes;
        int live = data.Index.LiveCount;
        SharedQuery[] shared = [.. searches.Select(static search => search.Shared)];
        OrdinalBitmap? accept = filter.Evaluate(reader, data, cancellation);
        int matching = filter.Matching;
        if (searches[0].ByParts)
        {
            if (filter.Arrange(reader, data) is not { } matches)
            {
                return false;
            }

            data.Index.SearchPartitionsShared(shared, matches, scratch, cancellation);
        }
        else
        {
            OrdinalBitmap candidates = accept ?? reader.Live();
            matching = accept is null ? candidates.Count() : matching;
            data.Index.SearchShared(shared, byCodes, candidates, scratch, cancellation);
            if (accept is null)
            {
                reader.Return(candidates);
            }
        }

        double scanTime = Stopwatch.GetElapsedTime(started).TotalMicroseconds / searches.Length;
        for (int i = 0; i < searches.Length && !size.IsTooLarge; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            SharedSearch search = searches[i];
            long sizeBefore = size.Bytes;
            using Activity? activity = EngineTracing.StartSearch(config.Name, filterTime + scanTime);
            started = Stopwatch.GetTimestamp();
            scratch.ResetCounters();
            data.Index.SelectShared(i, shared[i], byCodes, scratch);
            double searchTime = scanTime + Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            // Where distances are no numbers it may have found too few, and is answered alone.
            if (scratch.ResultCount < search.Plan.Effort.K || !Collect(search.Query, filter.Predicate, config.Metric, scratch, null, revision, search.Answer, ref size))
            {
                size.Rewind(sizeBefore);
                continue;
            }

            answered[search.At] = true;
            search.Answer.Bytes = size.Bytes - sizeBefore;
            search.Answer.Report = new SearchReport
            {
                Strategy = search.Plan.Strategy,
                EfUsed = search.ByParts ? search.Plan.Effort.Width : 0,
                DistanceComputations = scratch.DistanceComputations,
                Expansions = scratch.Expansions,
                Selectivity = live == 0 ? 1 : Math.Min(1, (double)matching / live),
                Matching = matching,
                RecallEstimate = search.Plan.RecallEstimate,
                FilterMicroseconds = filterTime,
                SearchMicroseconds = searchTime,
                TotalMicroseconds = filterTime + scanTime + Stopwatch.GetElapsedTime(started).TotalMicroseconds,
            };
            Answered(search.Query, config, search.Answer, activity);
        }

        return true;
    }

    /// <param name="At">Its place in the batch.</param>
    private readonly record struct SharedSearch(SearchQuery Query, SearchAnswer Answer, int At, SearchPlan Plan)
    {
        public bool ByParts => Plan.Strategy == SearchStrategy.Partitions;

        public bool ByCodes => ByParts || Plan.CodesWidth > 0;

        public SharedQuery Shared => new(Query.Vector, ByParts ? Plan.Effort : Plan.Effort with { Ef = Plan.CodesWidth });
    }
}
