using System.Diagnostics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying.Shapes;

namespace AnnServer.Engine.Querying;

/// <summary>Answers searches: evaluates the filter, plans, searches, and turns ordinals into hits.</summary>
internal sealed partial class SearchExecutor(CollectionData data, CollectionContext context, PointReader reader)
{
    // A search whose answer was changed under it is made again, the last time while writers wait.
    private const int MaxAttempts = 4;

    /// <summary>
    /// Fills the answer; false, having done nothing, where the search is estimated to compute more than <paramref name="limit"/>
    /// distances.
    /// </summary>
    public EngineResult<bool> Search(SearchQuery query, SearchAnswer answer, long limit, Faults faults, CancellationToken cancellation)
    {
        CollectionConfig config = data.Config;
        SearchRules.Check(query, config, context.Limits, faults);
        CompiledFilter? compiled = context.Filters.Compile(data.Number, query.Filter, config, context.Limits, faults);
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
        FilterState filter = FilterState.Of(compiled);
        bool isShort = limit == long.MaxValue || Estimate(query, filter, config, cancellation) <= limit;
        if (isShort)
        {
            Answer(query, filter, config, scope.Scratch, answer, ref size, cancellation);
        }

        filter.Forget(reader);
        return size.IsTooLarge ? size.ToError("k") : isShort;
    }

    // A filter that has to read every point is not evaluated to say so: it counts as a distance to each.
    private long Estimate(SearchQuery query, FilterState filter, CollectionConfig config, CancellationToken cancellation)
    {
        if (filter.ReadsPoints(data))
        {
            return data.Index.LiveCount;
        }

        filter.Evaluate(reader, data, cancellation);
        return query.IsShaped ? Shapes.Estimate(query, filter, config) : Plan(query, filter, config, out _, out _).Distances;
    }

    // With fewer hits than there are where the answer got too large: the caller looks at its size.
    private void Answer(
        SearchQuery query,
        FilterState filter,
        CollectionConfig config,
        SearchScratch scratch,
        SearchAnswer answer,
        ref AnswerSize size,
        CancellationToken cancellation)
    {
        long sizeBefore = size.Bytes;
        double before = filter.Microseconds;
        using Activity? activity = EngineTracing.StartSearch(config.Name, before);
        long started = Stopwatch.GetTimestamp();
        SearchReport report = default;
        bool isDone = false;
        for (int attempt = 1; !isDone && attempt < MaxAttempts; attempt++)
        {
            isDone = Try(query, filter, config, scratch, answer, ref size, out report, cancellation);
        }

        if (!isDone)
        {
            // Writers wait for this one: it sees one moment, so that it has k points where k match.
            lock (data.CommitLock)
            {
                Try(query, filter, config, scratch, answer, ref size, out report, cancellation);
            }
        }

        answer.Report = report with { TotalMicroseconds = before + Stopwatch.GetElapsedTime(started).TotalMicroseconds };
        answer.Bytes = size.Bytes - sizeBefore;
        Answered(query, config, answer, activity);
    }

    private void Answered(SearchQuery query, CollectionConfig config, SearchAnswer answer, Activity? activity)
    {
        if (query is { RecallTarget: < 1, Ef: null, Exact: false } && data.Recall.Observe(query.Vector.Span))
        {
            context.Recall.Want(data);
        }

        context.Metrics.Searched(config.Name, data.Searches, answer.Report);
        EngineTracing.EndSearch(activity, answer.Report, answer.Hits.Count);
    }

    // False where points that it found have changed meanwhile.
    private bool Try(
        SearchQuery query,
        FilterState filter,
        CollectionConfig config,
        SearchScratch scratch,
        SearchAnswer answer,
        ref AnswerSize size,
        out SearchReport report,
        CancellationToken cancellation)
    {
        long sizeBefore = size.Bytes;
        long revision = filter.Revision(data);
        List<Pick>? picks = null;
        report = query.IsShaped
            ? Shapes.Run(query, filter, config, scratch, out picks, cancellation)
            : Run(query, filter, config, scratch, cancellation);
        if (Collect(query, filter.Predicate, config.Metric, scratch, picks, revision, answer, ref size))
        {
            return true;
        }

        filter.Forget(reader);
        size.Rewind(sizeBefore);
        return false;
    }

    private ShapedSearch Shapes => new(this, data, context, reader);

    /// <summary>Finds the nearest, or all within the threshold; the results are in the scratch.</summary>
    public SearchReport Run(
        SearchQuery query, FilterState filter, CollectionConfig config, SearchScratch scratch, CancellationToken cancellation)
    {
        OrdinalBitmap? accept = filter.Evaluate(reader, data, cancellation);
        double filterTime = filter.TakeMicroseconds();

        long started = Stopwatch.GetTimestamp();
        SearchPlan plan = Plan(query, filter, config, out int live, out int matching);
        scratch.ResetCounters();
        bool fallback = false;
        if (plan.Strategy == SearchStrategy.Exact)
        {
            SearchAll(query, plan, accept, scratch, cancellation);
        }
        else
        {
            fallback = !TryApproximate(plan);
            if (fallback && plan.Then is { } then)
            {
                plan = plan with { Strategy = then.Strategy, Effort = then.Effort, RecallEstimate = then.RecallEstimate };
                fallback = !TryApproximate(plan);
            }

            if (fallback)
            {
                SearchAll(query, plan, accept, scratch, cancellation);
            }
        }

        return new SearchReport
        {
            Strategy = plan.Strategy,
            EfUsed = plan.Strategy == SearchStrategy.Exact ? 0 : plan.Effort.Width,
            DistanceComputations = scratch.DistanceComputations,
            Expansions = scratch.Expansions,
            Selectivity = live == 0 ? 1 : (double)matching / live,
            Matching = matching,
            RecallEstimate = fallback ? SearchPlanner.RecallOfScan(plan.CodesWidth) : plan.RecallEstimate,
            ExactFallback = fallback,
            FilterMicroseconds = filterTime,
            SearchMicroseconds = Stopwatch.GetElapsedTime(started).TotalMicroseconds,
        };

        bool TryApproximate(in SearchPlan chosen) =>
            (chosen.Strategy == SearchStrategy.Partitions
                ? data.Index.SearchPartitions(query.Vector.Span, chosen.Effort, accept!, filter.Arrange(reader, data), scratch, cancellation)
                : data.Index.Search(query.Vector.Span, chosen.Effort, accept, scratch, cancellation))
            && scratch.ResultCount >= chosen.Effort.K;
    }

    public SearchPlan Plan(
        SearchQuery query, FilterState filter, CollectionConfig config, out int live, out int matching, int sharing = 1)
    {
        live = data.Index.LiveCount;
        matching = filter.Predicate is null ? live : filter.Matching;
        return RangePlan.Choose(
            query, config, live, data.Index.HiddenCount, matching, data.Recall.Model, sharing, filter.Partitions(reader, data));
    }

    // Over a copy of the live points where there is no filter: read as they change, they may lack both slots of a point that is
    // being replaced.
    private void SearchAll(SearchQuery query, SearchPlan plan, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation)
    {
        OrdinalBitmap candidates = accept ?? reader.Live();
        if (plan.CodesWidth > 0)
        {
            data.Index.SearchCodes(query.Vector.Span, plan.Effort with { Ef = plan.CodesWidth }, candidates, scratch, cancellation);
        }
        else
        {
            data.Index.SearchExact(query.Vector.Span, plan.Effort, candidates, scratch, cancellation);
        }

        if (accept is null)
        {
            reader.Return(candidates);
        }
    }

    // The picks, or the first k results, that still are what the search took them for, each point once. False if changes made meanwhile have
    // taken any out: a point that was replaced has a new place that the search has not seen.
    private bool Collect(
        SearchQuery query,
        Predicate? predicate,
        Metric metric,
        SearchScratch scratch,
        List<Pick>? picks,
        long revision,
        SearchAnswer answer,
        ref AnswerSize size)
    {
        IReadOnlyList<SearchHit> hits = answer.Hits;
        int results = picks?.Count ?? scratch.ResultCount;
        int expected = picks?.Count ?? Math.Min(query.K, results);
        answer.Begin(expected);
        // The identifiers lie anywhere: asked for one after another, each is a miss to wait for.
        for (int i = 0; i < expected; i++)
        {
            data.Ids.Prefetch((picks?[i].Candidate ?? scratch.Result(i)).Ordinal);
        }

        HashSet<PointId>? seen = null;
        PlanNode? plan = null;
        int dropped = 0;
        for (int i = 0; i < results && (picks is not null || hits.Count < query.K); i++)
        {
            Pick pick = picks?[i] ?? new Pick(scratch.Result(i), default);
            Candidate candidate = pick.Candidate;
            float score = CollectionData.ToScore(metric, candidate.Distance);
            if (picks is null && query.ScoreThreshold is { } threshold && RangePlan.IsBeyond(metric, score, threshold))
            {
                break;
            }

            if (!reader.TryRead(candidate.Ordinal, query.WithAttributes, query.WithVector, ref size, out Point point)
                || (query.GroupBy is not null && !size.TryAdd(pick.Group)))
            {
                return true;
            }

            // Read first, then checked: what is returned is what was checked or newer than the revision says.
            if (!data.IsUnchangedSince(revision))
            {
                // The search may have met both slots of a point that was being replaced.
                seen ??= [.. hits.Select(static hit => hit.Id)];
                plan ??= predicate is null ? null : PlanBuilder.ForPoints(predicate, data);
                if (!StillHolds(point.Id, candidate.Ordinal, plan) || !IsStillIn(pick, query.GroupBy) || !seen.Add(point.Id))
                {
                    dropped++;
                    continue;
                }
            }

            answer.Add(new SearchHit(point.Id, score, point.Attributes, point.Vector, pick.Group));
        }

        return dropped == 0;
    }

    private bool IsStillIn(in Pick pick, GroupBy? groups) =>
        groups is null || new GroupAttribute(groups.Attribute).IsIn(pick.Group, data.Attributes.Get(pick.Candidate.Ordinal));

    private bool StillHolds(PointId id, uint ordinal, PlanNode? plan) =>
        data.Ids.TryGet(id, out uint current)
        && current == ordinal
        && (plan is null || plan.Matches(ordinal, data.Attributes.Get(ordinal)));
}
