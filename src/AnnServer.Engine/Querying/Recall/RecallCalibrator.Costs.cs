using System.Diagnostics;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Engine.Querying.Recall;

/// <content>What searches cost beside each other, once it is known what they find.</content>
internal sealed partial class RecallCalibrator
{
    // At what walks are priced beside each other, and how many searches tell.
    private const double PricedRecall = 0.95;
    private const int PricedProbes = 128;

    // Of searches that are made together: the share of the points, how many are worth a measurement, and the candidates kept for each query.
    private const double SharedShare = 0.2;
    private const int LeastShared = 200;
    private const int SharedWidth = 64;
    private const int SharedScans = 5;

    // Of searches by parts whose matches are not arranged: the share of the points, how far is looked, and how many are timed.
    private const double TestedShare = 0.1;
    private const double TestedEffort = 0.6;
    private const int TestedProbes = 64;

    // Walks under filters that leave as many, in turn: whatever else the machine does meanwhile makes all of them dearer. Measured one after another,
    // of two that take about as long one may have had the machine for itself, and the other would never be chosen.
    private bool TryPrice(List<Probe> probes, List<RecallModel.Regime> regimes)
    {
        foreach (double share in regimes.Select(static regime => regime.Share).Distinct().ToList())
        {
            List<(int At, RecallPoint Point)> walks = [];
            for (int i = 0; i < regimes.Count; i++)
            {
                if (regimes[i].Share == share && regimes[i].TryReach(Results[1], PricedRecall, out RecallPoint point))
                {
                    walks.Add((i, point));
                }
            }

            if (walks.Count == 0)
            {
                continue;
            }

            bool byParts = walks.Exists(walk => regimes[walk.At].Walk == WalkKind.Partitions);
            if (!TryChoose(share, byParts, out _, out PartitionedMatches? arranged))
            {
                return false;
            }

            int rounds = Math.Min(PricedProbes, probes.Count);
            double[][] perDistance = [.. walks.Select(_ => new double[rounds])];
            for (int i = 0; i < rounds * walks.Count; i++)
            {
                using ScratchPool.Scope scope = scratches.Rent();
                if (data.IsDropped)
                {
                    return false;
                }

                cancellation.ThrowIfCancellationRequested();
                int turn = i % walks.Count;
                (int at, RecallPoint point) = walks[turn];
                // Each with another query: what one has read would be at hand for the next.
                Probe probe = probes[((i / walks.Count) + (turn * probes.Count / walks.Count)) % probes.Count];
                long started = Stopwatch.GetTimestamp();
                Search(regimes[at].Walk, share, arranged, point.Effort, probe, Results[1], scope.Scratch);
                perDistance[turn][i / walks.Count] = Stopwatch.GetElapsedTime(started).TotalMicroseconds / scope.Scratch.DistanceComputations;
            }

            for (int i = 0; i < walks.Count; i++)
            {
                (int at, RecallPoint point) = walks[i];
                regimes[at] = regimes[at].Times(Median(perDistance[i]) * point.Distances / point.Microseconds);
            }
        }

        return true;
    }

    // Under a filter: without one, rows come before they are asked for, and a point takes half to two thirds of that. Then with as many
    // queries as can share a scan; few points say little of it: as if nothing were shared.
    private bool TryMeasureScans(List<Probe> probes, out double alone, out double shared)
    {
        (alone, shared) = (0, 0);
        if (!TryChoose(SharedShare, false, out int matching, out _))
        {
            return false;
        }

        SearchEffort effort = new(Results[1], SearchPlanner.CodesWidth(Results[1]));
        var alones = new double[Math.Min(PricedProbes, probes.Count)];
        for (int i = 0; i < alones.Length; i++)
        {
            using ScratchPool.Scope scope = scratches.Rent();
            if (data.IsDropped)
            {
                return false;
            }

            cancellation.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            data.Index.SearchCodes(probes[i].Vector, effort, _accept, scope.Scratch, cancellation);
            alones[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        alone = Median(alones) / Math.Max(1, matching);
        shared = alone;
        if (probes.Count < VectorIndex.MaxShared || matching < LeastShared)
        {
            return true;
        }

        SharedQuery[] queries =
            [.. probes[..VectorIndex.MaxShared].Select(static probe => new SharedQuery(probe.Vector, new SearchEffort(Results[1], SharedWidth)))];
        var times = new double[SharedScans];
        for (int i = 0; i < times.Length; i++)
        {
            using ScratchPool.Scope scope = scratches.Rent();
            if (data.IsDropped)
            {
                return false;
            }

            long started = Stopwatch.GetTimestamp();
            data.Index.SearchShared(queries, true, _accept, scope.Scratch, cancellation);
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        shared = Math.Max(0, (Median(times) / matching) - alone) / queries.Length;
        return true;
    }

    // What it adds to a search by parts that the filter's matches are not arranged by them.
    private bool TryMeasureTests(List<Probe> probes, out double microseconds)
    {
        microseconds = 0;
        if (!data.Index.HasPartitions)
        {
            return true;
        }

        if (!TryChoose(TestedShare, true, out _, out PartitionedMatches? arranged))
        {
            return false;
        }

        SearchEffort effort = EffortLadder.ToPartitions(TestedEffort, Results[1], SearchPlanner.CodesWidth(Results[1]), TestedShare, TestedEffort);
        var times = new double[Math.Min(TestedProbes, probes.Count)];
        for (int i = 0; i < times.Length; i++)
        {
            using ScratchPool.Scope scope = scratches.Rent();
            if (data.IsDropped)
            {
                return false;
            }

            // The first only brings the rows into the caches.
            data.Index.SearchPartitions(probes[i].Vector, effort, _accept, null, scope.Scratch, cancellation);
            long started = Stopwatch.GetTimestamp();
            data.Index.SearchPartitions(probes[i].Vector, effort, _accept, null, scope.Scratch, cancellation);
            long tested = Stopwatch.GetTimestamp();
            scope.Scratch.ResetCounters();
            data.Index.SearchPartitions(probes[i].Vector, effort, _accept, arranged, scope.Scratch, cancellation);
            double more = Stopwatch.GetElapsedTime(started, tested).TotalMicroseconds - Stopwatch.GetElapsedTime(tested).TotalMicroseconds;
            times[i] = more / Math.Max(1, scope.Scratch.MembersTested);
        }

        microseconds = Math.Max(0, Median(times));
        return true;
    }

    // What a search by parts takes where many are made together, of what it takes alone.
    private bool TryMeasureTogether(List<Probe> probes, out double together, out double lookers)
    {
        (together, lookers) = (1, 1);
        if (!data.Index.HasPartitions)
        {
            return true;
        }

        if (!TryChoose(SharedShare, true, out _, out PartitionedMatches? arranged))
        {
            return false;
        }

        SearchEffort effort = EffortLadder.ToPartitions(TestedEffort, Results[1], SearchPlanner.CodesWidth(Results[1]), SharedShare, TestedEffort);
        SharedQuery[] queries = [.. probes.Take(VectorIndex.MaxSharedByParts).Select(probe => new SharedQuery(probe.Vector, effort))];
        var ratios = new double[SharedScans];
        for (int i = 0; i < ratios.Length; i++)
        {
            using ScratchPool.Scope scope = scratches.Rent();
            if (data.IsDropped || arranged is null)
            {
                return false;
            }

            cancellation.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            data.Index.SearchPartitionsShared(queries, arranged, scope.Scratch, cancellation);
            for (int j = 0; j < queries.Length; j++)
            {
                data.Index.SelectShared(j, queries[j], true, scope.Scratch);
            }

            long shared = Stopwatch.GetTimestamp();
            scope.Scratch.ResetCounters();
            foreach (SharedQuery query in queries)
            {
                data.Index.SearchPartitions(query.Vector.Span, query.Effort, _accept, arranged, scope.Scratch, cancellation);
            }

            ratios[i] = Stopwatch.GetElapsedTime(started, shared) / Stopwatch.GetElapsedTime(shared);
            lookers = (double)scope.Scratch.MembersTested / Math.Max(1, data.Index.LiveCount);
        }

        together = Math.Min(1, Median(ratios));
        return true;
    }
}
