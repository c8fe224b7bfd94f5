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
        return data.IsDropped
            ? Catalog.NotFound(config.Name)
            : Answer(query, new FilterState(predicate), config, scope.Scratch, cancellation);
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
            using Faults.Scope path = faults.Within($"queries[{i}]");
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
        for (int i = 0; i < answers.Length; i++)
        {
            answers[i] = Answer(queries[i], filters[i], config, scope.Scratch, cancellation);
        }

        return answers;
    }

    private SearchAnswer Answer(
        SearchQuery query, FilterState filter, CollectionConfig config, SearchScratch scratch, CancellationToken cancellation)
    {
        using Activity? activity = EngineTracing.StartSearch(config.Name);
        long started = Stopwatch.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            long revision = filter.Revision(data);
            SearchReport report = Run(query, filter, config, scratch, cancellation);
            List<SearchHit>? hits = Collect(query, filter.Predicate, config.Metric, scratch, revision, attempt == MaxAttempts);
            if (hits is null)
            {
                filter.Invalidate();
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
            data.Index.SearchExact(query.Vector.Span, k, accept ?? reader.Live(), scratch, cancellation);
        }
        else
        {
            var effort = new SearchEffort(k, width, plan.Budget);
            bool complete = data.Index.Search(query.Vector.Span, effort, accept, scratch, cancellation);
            fallback = !complete || scratch.ResultCount < k;
            if (fallback)
            {
                data.Index.SearchExact(query.Vector.Span, k, accept ?? reader.Live(), scratch, cancellation);
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

    // The first k results that still are what the search took them for, each point once. Null if changes made meanwhile have
    // taken any out, unless this is the last attempt: a point that was replaced has a new place that the search has not seen.
    private List<SearchHit>? Collect(
        SearchQuery query, Predicate? predicate, Metric metric, SearchScratch scratch, long revision, bool isLast)
    {
        var hits = new List<SearchHit>(Math.Min(query.K, scratch.ResultCount));
        HashSet<PointId>? seen = null;
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
            Point point = reader.Read(candidate.Ordinal, query.WithAttributes, query.WithVector);
            // Read first, then checked: what is returned is what was checked or newer than the revision says.
            if (!data.IsUnchangedSince(revision))
            {
                // The search may have met both slots of a point that was being replaced.
                seen ??= [.. hits.ConvertAll(static hit => hit.Id)];
                if (!StillHolds(id, candidate.Ordinal, predicate) || !seen.Add(id))
                {
                    dropped++;
                    continue;
                }
            }

            hits.Add(new SearchHit(id, score, point.Attributes, point.Vector));
        }

        return dropped > 0 && !isLast ? null : hits;
    }

    private bool StillHolds(PointId id, uint ordinal, Predicate? predicate)
    {
        if (!data.Ids.TryGet(id, out uint current) || current != ordinal)
        {
            return false;
        }

        if (predicate is null)
        {
            return true;
        }

        var one = new OrdinalBitmap();
        one.Reset((int)ordinal + 1);
        one.Add(ordinal);
        var matching = new OrdinalBitmap();
        matching.Reset(one.Length);
        data.Attributes.Evaluate(predicate, matching, data, one, CancellationToken.None);
        return matching.Contains(ordinal);
    }
}
