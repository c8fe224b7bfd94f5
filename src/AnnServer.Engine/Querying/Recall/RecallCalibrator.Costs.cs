using System.Diagnostics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Engine.Querying.Recall;

/// <content>What searches cost beside each other, once it is known what they find.</content>
internal sealed partial class RecallCalibrator
{
    // At what searches are priced beside each other, how many tell, how many of a kind come in a row, and under how many filters.
    private const double PricedRecall = 0.95;
    private const int PricedProbes = 128;
    private const int ProbesInARow = 32;
    private const int PricedFilters = 4;

    // Where a scan is priced once more, to see what a point takes among few that match.
    private const double SparseShare = 0.03;

    // Of searches that are made together: how many points are worth a measurement, and the candidates kept for each query.
    private const int LeastShared = 200;
    private const int SharedWidth = 64;
    private const int SharedScans = 5;

    // Of those by parts, how far is looked.
    private const double SharedEffort = 0.6;

    // Those of searches that are made alone.
    private bool TryPrice(List<Probe> probes, List<RecallModel.Regime> regimes, out ScanCosts costs)
    {
        costs = default;
        double sparse = 0;
        (double Microseconds, double Members) tests = default;
        foreach (double share in regimes.Select(static regime => regime.Share).Concat([ScanCosts.DenseShare, SparseShare]).Distinct().ToList())
        {
            if (!TryPrice(share, probes, regimes, out double scan, ref tests))
            {
                return false;
            }

            costs = share == ScanCosts.DenseShare ? costs with { Compare = scan } : costs;
            sparse = share == SparseShare ? scan : sparse;
        }

        bool tells = sparse > costs.Compare && SparseShare * data.Index.LiveCount >= LeastShared;
        costs = costs with
        {
            Test = Math.Max(0, tests.Microseconds / Math.Max(1, tests.Members)),
            Sparser = tells ? Math.Log(sparse / costs.Compare) / Math.Log(ScanCosts.DenseShare / SparseShare) : 0,
        };
        return true;
    }

    // Searches of all kinds under filters that leave one share, some of each in turn: whatever else the machine does meanwhile makes all of
    // them dearer. All of one kind before those of the next, of two that take about as long one may have had the machine for itself, and
    // the other would never be chosen. One by one, what a kind reads again and again would never be at hand: looking members up takes a
    // third longer. With one filter for all, few points that match always would be; but who has them arranged by parts has a filter that
    // comes again. The price of a scan is that of a point.
    private bool TryPrice(
        double share,
        List<Probe> probes,
        List<RecallModel.Regime> regimes,
        out double scan,
        ref (double Microseconds, double Members) tests)
    {
        scan = 0;
        List<(int At, RecallPoint Point, bool IsArranged)> walks = [];
        for (int i = 0; i < regimes.Count; i++)
        {
            if (regimes[i].Share == share && regimes[i].TryReach(Results[1], PricedRecall, out RecallPoint point))
            {
                bool byParts = regimes[i].Walk == WalkKind.Partitions;
                walks.Add((i, point, byParts));
                if (byParts && share <= ScanCosts.DenseShare)
                {
                    walks.Add((i, point, false));
                }
            }
        }

        int ways = walks.Count + (share is ScanCosts.DenseShare or SparseShare ? 1 : 0);
        int several = ways == 0 ? 0 : share < 1 ? PricedFilters : 1;
        OrdinalBitmap[] filters = [.. Enumerable.Range(0, several).Select(i => i == 0 ? _accept : new OrdinalBitmap())];
        PartitionedMatches? arranged = null;
        for (int i = filters.Length - 1; i >= 0; i--)
        {
            if (!TryChoose(share, filters[i], i == 0 && walks.Exists(static walk => walk.IsArranged), out _, out arranged))
            {
                return false;
            }
        }

        int rounds = Math.Min(PricedProbes, probes.Count);
        double[][] perDistance = [.. Enumerable.Range(0, ways).Select(_ => new double[rounds])];
        for (int first = 0; first < rounds; first += ProbesInARow)
        {
            for (int way = 0; way < ways; way++)
            {
                for (int round = first; round < Math.Min(rounds, first + ProbesInARow); round++)
                {
                    using ScratchPool.Scope scope = scratches.Rent();
                    if (data.IsDropped)
                    {
                        return false;
                    }

                    cancellation.ThrowIfCancellationRequested();
                    // Each with another query: what one has read would be at hand for the next.
                    Probe probe = probes[(round + (way * probes.Count / ways)) % probes.Count];
                    long started = Stopwatch.GetTimestamp();
                    if (way < walks.Count)
                    {
                        (int at, RecallPoint point, bool isArranged) = walks[way];
                        OrdinalBitmap accept = filters[isArranged ? 0 : round % filters.Length];
                        PartitionedMatches? matches = isArranged ? arranged : null;
                        Search(regimes[at].Walk, share, accept, matches, point.Effort, probe, Results[1], scope.Scratch);
                    }
                    else
                    {
                        var effort = new SearchEffort(Results[1], SearchPlanner.CodesWidth(Results[1]));
                        data.Index.SearchCodes(probe.Vector, effort, filters[round % filters.Length], scope.Scratch, cancellation);
                    }

                    perDistance[way][round] =
                        Stopwatch.GetElapsedTime(started).TotalMicroseconds / Math.Max(1, scope.Scratch.DistanceComputations);
                }
            }
        }

        double[] prices = [.. perDistance.Select(Median)];
        for (int i = 0; i < walks.Count; i++)
        {
            (int at, RecallPoint point, bool isArranged) = walks[i];
            if (i > 0 && walks[i - 1].At == at)
            {
                tests.Microseconds += (prices[i] - prices[i - 1]) * point.Distances;
                tests.Members += point.Tests;
            }
            else
            {
                regimes[at] = regimes[at].Times(prices[i] * point.Distances / point.Microseconds);
            }
        }

        scan = ways > walks.Count ? prices[^1] : 0;
        return true;
    }

    // With as many queries as can share a scan; few points say little of it: as if nothing were shared.
    private bool TryMeasureShared(List<Probe> probes, double alone, out double shared)
    {
        shared = alone;
        if (!TryChoose(ScanCosts.DenseShare, _accept, false, out int matching, out _))
        {
            return false;
        }

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

    // What a search by parts takes where many are made together, of what it takes alone.
    private bool TryMeasureTogether(List<Probe> probes, out double together, out double lookers)
    {
        (together, lookers) = (1, 1);
        if (!data.Index.HasPartitions)
        {
            return true;
        }

        if (!TryChoose(ScanCosts.DenseShare, _accept, true, out _, out PartitionedMatches? arranged))
        {
            return false;
        }

        SearchEffort effort = EffortLadder.ToPartitions(SharedEffort, Results[1], SearchPlanner.CodesWidth(Results[1]), ScanCosts.DenseShare, SharedEffort);
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
