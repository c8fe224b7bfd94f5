using System.Diagnostics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Answers searches: evaluates the filter, plans, searches, and turns ordinals into hits.</summary>
internal sealed class SearchExecutor(CollectionData data, CollectionContext context, PointReader reader)
{
    // A search whose answer was changed under it is made again; a point that keeps changing does not hold it for ever.
    private const int MaxAttempts = 4;

    public EngineResult<SearchAnswer> Search(SearchQuery query, Faults faults, CancellationToken cancellation)
    {
        CollectionConfig config = data.Config;
        SearchRules.Check(query, config, context.Limits, faults);
        FilterCompiler.TryCompile(query.Filter, config.Attributes, context.Limits, faults, out Predicate? predicate);
        if (faults.Any)
        {
            return faults.ToError();
        }

        if (context.CheckFence(query.ReadAfter) is { } behind)
        {
            return behind;
        }

        using ScratchPool.Scope scope = context.Scratches.Rent();
        if (data.IsDropped)
        {
            return Catalog.NotFound(config.Name);
        }

        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        var filter = new FilterState(predicate);
        SearchAnswer answer = Answer(query, filter, config, scope.Scratch, ref size, cancellation);
        filter.Forget(reader);
        return size.IsTooLarge ? size.ToError("k") : answer;
    }

    public EngineResult<IReadOnlyList<SearchAnswer>> SearchBatch(
        IReadOnlyList<SearchQuery> queries, Faults faults, CancellationToken cancellation)
    {
        CollectionConfig config = data.Config;
        PointRules.CheckBatch(queries.Count, "queries", context.Limits.MaxBatchQueries, faults);
        var filters = new FilterState[queries.Count];
        var known = new Dictionary<string, FilterState>(StringComparer.Ordinal);
        ulong readAfter = 0;
        for (int i = 0; i < queries.Count; i++)
        {
            using Faults.Scope path = faults.Within("queries", i);
            SearchRules.Check(queries[i], config, context.Limits, faults);
            FilterCompiler.TryCompile(queries[i].Filter, config.Attributes, context.Limits, faults, out Predicate? predicate);
            // Queries with equivalent filters share one evaluation of it.
            string canonical = predicate is null ? "" : PredicateText.Of(predicate);
            if (!known.TryGetValue(canonical, out FilterState? filter))
            {
                filter = new FilterState(predicate);
                known.Add(canonical, filter);
            }

            filters[i] = filter;
            readAfter = Math.Max(readAfter, queries[i].ReadAfter);
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

        var answers = new SearchAnswer[queries.Count];
        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        for (int i = 0; i < answers.Length; i++)
        {
            answers[i] = Answer(queries[i], filters[i], config, scope.Scratch, ref size, cancellation);
            if (size.IsTooLarge)
            {
                return size.ToError("queries");
            }
        }

        foreach (FilterState filter in known.Values)
        {
            filter.Forget(reader);
        }

        return answers;
    }

    // With fewer hits than there are where the answer got too large: the caller looks at its size.
    private SearchAnswer Answer(
        SearchQuery query,
        FilterState filter,
        CollectionConfig config,
        SearchScratch scratch,
        ref AnswerSize size,
        CancellationToken cancellation)
    {
        long sizeBefore = size.Bytes;
        using Activity? activity = EngineTracing.StartSearch(config.Name);
        long started = Stopwatch.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            long revision = filter.Revision(data);
            SearchReport report = Run(query, filter, config, scratch, cancellation);
            List<SearchHit>? hits = Collect(query, filter.Predicate, config.Metric, scratch, revision, attempt == MaxAttempts, ref size);
            if (hits is null)
            {
                filter.Forget(reader);
                size.Rewind(sizeBefore);
                continue;
            }

            report = report with { TotalMicroseconds = Stopwatch.GetElapsedTime(started).TotalMicroseconds };
            context.Metrics.Searched(config.Name, report);
            EngineTracing.EndSearch(activity, report, hits.Count);
            return new SearchAnswer(hits, report);
        }
    }

    private SearchReport Run(
        SearchQuery query, FilterState filter, CollectionConfig config, SearchScratch scratch, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        OrdinalBitmap? accept = filter.Evaluate(reader, data, cancellation);
        int live = data.Index.LiveCount;
        int matching = filter.Predicate is null ? live : filter.Matching;
        double filterTime = Stopwatch.GetElapsedTime(started).TotalMicroseconds;

        started = Stopwatch.GetTimestamp();
        scratch.ResetCounters();
        int slots = live + data.Index.HiddenCount;
        // Never room for more results than there are: a pool that cannot fill would make the walk visit everything.
        int k = Math.Max(1, Math.Min(query.K, matching));
        int width = Math.Max(k, query.Ef ?? SearchPlanner.DefaultEf(query.K));
        SearchPlan plan = query.Exact
            ? new SearchPlan(SearchStrategy.Exact, long.MaxValue)
            : SearchPlanner.Choose(slots, matching, width, config.Hnsw.M);
        bool fallback = false;
        if (plan.Strategy == SearchStrategy.Exact)
        {
            SearchExact(query, k, accept, scratch, cancellation);
        }
        else
        {
            var effort = new SearchEffort(k, width, plan.Budget);
            bool complete = data.Index.Search(query.Vector.Span, effort, accept, scratch, cancellation);
            fallback = !complete || scratch.ResultCount < k;
            if (fallback)
            {
                SearchExact(query, k, accept, scratch, cancellation);
            }
        }

        return new SearchReport
        {
            Strategy = plan.Strategy,
            EfUsed = plan.Strategy == SearchStrategy.Graph ? width : 0,
            DistanceComputations = scratch.DistanceComputations,
            Expansions = scratch.Expansions,
            Selectivity = live == 0 ? 1 : (double)matching / live,
            Matching = matching,
            ExactFallback = fallback,
            FilterMicroseconds = filterTime,
            SearchMicroseconds = Stopwatch.GetElapsedTime(started).TotalMicroseconds,
        };
    }

    // Over a copy of the live points where there is no filter: read as they change, they may lack both slots of a point that is
    // being replaced.
    private void SearchExact(SearchQuery query, int k, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation)
    {
        OrdinalBitmap candidates = accept ?? reader.Live();
        data.Index.SearchExact(query.Vector.Span, k, candidates, scratch, cancellation);
        if (accept is null)
        {
            reader.Return(candidates);
        }
    }

    // The first k results that still are what the search took them for, each point once. Null if changes made meanwhile have
    // taken any out, unless this is the last attempt: a point that was replaced has a new place that the search has not seen.
    private List<SearchHit>? Collect(
        SearchQuery query, Predicate? predicate, Metric metric, SearchScratch scratch, long revision, bool isLast, ref AnswerSize size)
    {
        var hits = new List<SearchHit>(Math.Min(query.K, scratch.ResultCount));
        HashSet<PointId>? seen = null;
        PlanNode? plan = null;
        int dropped = 0;
        for (int i = 0; i < scratch.ResultCount && hits.Count < query.K; i++)
        {
            Candidate candidate = scratch.Result(i);
            float score = CollectionData.ToScore(metric, candidate.Distance);
            if (query.ScoreThreshold is { } threshold && (metric == Metric.L2 ? score > threshold : score < threshold))
            {
                break;
            }

            PointId id = data.Ids.Id(candidate.Ordinal);
            if (!reader.TryRead(candidate.Ordinal, query.WithAttributes, query.WithVector, ref size, out Point point))
            {
                return hits;
            }

            // Read first, then checked: what is returned is what was checked or newer than the revision says.
            if (!data.IsUnchangedSince(revision))
            {
                // The search may have met both slots of a point that was being replaced.
                seen ??= [.. hits.ConvertAll(static hit => hit.Id)];
                plan ??= predicate is null ? null : PlanBuilder.ForPoints(predicate, data);
                if (!StillHolds(id, candidate.Ordinal, plan) || !seen.Add(id))
                {
                    dropped++;
                    continue;
                }
            }

            hits.Add(new SearchHit(id, score, point.Attributes, point.Vector));
        }

        return dropped > 0 && !isLast ? null : hits;
    }

    private bool StillHolds(PointId id, uint ordinal, PlanNode? plan) =>
        data.Ids.TryGet(id, out uint current)
        && current == ordinal
        && (plan is null || plan.Matches(ordinal, data.Attributes.Get(ordinal)));
}
