using System.Diagnostics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Engine.Querying.Recall;

/// <content>What searches cost beside each other, once it is known what they find.</content>
internal sealed partial class RecallCalibrator
{
    // At what searches are priced beside each other, how many tell, how many of one kind come one after another, and under how many filters.
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

    /// <param name="compare">See <see cref="ScanCosts.Compare"/>.</param>
    /// <param name="sparser">See <see cref="ScanCosts.Sparser"/>.</param>
    private bool TryPrice(List<Probe> probes, List<RecallModel.Regime> regimes, out double compare, out double sparser)
    {
        (compare, sparser) = (0, 0);
        double sparse = 0;
        foreach (double share in regimes.Select(static regime => regime.Share).Concat([ScanCosts.DenseShare, SparseShare]).Distinct().ToList())
        {
            if (!TryPrice(share, probes, regimes, out double scan))
            {
                return false;
            }

            compare = share == ScanCosts.DenseShare ? scan : compare;
            sparse = share == SparseShare ? scan : sparse;
        }

        if (sparse > compare && SparseShare * data.Index.LiveCount >= LeastShared)
        {
            sparser = Math.Log(sparse / compare) / Math.Log(ScanCosts.DenseShare / SparseShare);
        }

        return true;
    }

    // Searches of all kinds under filters that leave one share, some of each in turn: whatever else the machine does meanwhile makes all of them
    // dearer. All of one kind before those of the next, of two that take about as long one may have had the machine for itself, and the other would
    // never be chosen. One by one, what a kind reads again and again would never be at hand: looking members up takes half as long again. And with
    // one filter for all, few points that match always are; but who has them arranged by parts has a filter that comes again. The price of a scan
    // is that of a point.
    private bool TryPrice(double share, List<Probe> probes, List<RecallModel.Regime> regimes, out double scan)
    {
        scan = 0;
        List<(int At, RecallModel.Regime Regime, RecallPoint Point)> walks = [];
        for (int i = 0; i < regimes.Count; i++)
        {
            if (regimes[i].Share == share && regimes[i].TryReach(Results[1], PricedRecall, out RecallPoint point))
            {
                walks.Add((i, regimes[i], point));
                if (regimes[i].Walk == WalkKind.Partitions)
                {
                    walks.Add((i, regimes[i] with { Walk = WalkKind.Members }, point));
                }
            }
        }

        bool byParts = walks.Exists(static walk => walk.Regime.Walk == WalkKind.Members);
        int ways = walks.Count + (share is ScanCosts.DenseShare or SparseShare ? 1 : 0);
        OrdinalBitmap[] filters = [_accept, .. Enumerable.Range(1, PricedFilters - 1).Select(_ => new OrdinalBitmap())];
        PartitionedMatches? arranged = null;
        for (int i = PricedFilters - 1; i >= 0; i--)
        {
            if (!TryChoose(share, filters[i], byParts && i == 0, out _, out arranged))
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
                    WalkKind? walk = way < walks.Count ? walks[way].Regime.Walk : null;
                    OrdinalBitmap accept = filters[walk == WalkKind.Partitions ? 0 : round % PricedFilters];
                    // Each with another query: what one has read would be at hand for the next.
                    Probe probe = probes[(round + (way * probes.Count / ways)) % probes.Count];
                    using ScratchPool.Scope scope = scratches.Rent();
                    if (data.IsDropped)
                    {
                        return false;
                    }

                    cancellation.ThrowIfCancellationRequested();
                    long started = Stopwatch.GetTimestamp();
                    if (walk is { } kind)
                    {
                        Search(kind, share, accept, arranged, walks[way].Point.Effort, probe, Results[1], scope.Scratch);
                    }
                    else
                    {
                        var effort = new SearchEffort(Results[1], SearchPlanner.CodesWidth(Results[1]));
                        data.Index.SearchCodes(probe.Vector, effort, accept, scope.Scratch, cancellation);
                    }

                    perDistance[way][round] =
                        Stopwatch.GetElapsedTime(started).TotalMicroseconds / Math.Max(1, scope.Scratch.DistanceComputations);
                }
            }
        }

        for (int i = 0; i < walks.Count; i++)
        {
            (int at, RecallModel.Regime regime, RecallPoint point) = walks[i];
            RecallModel.Regime priced = regime.Times(Median(perDistance[i]) * point.Distances / point.Microseconds);
            if (regime.Walk == WalkKind.Members)
            {
                regimes.Add(priced);
            }
            else
            {
                regimes[at] = priced;
            }
        }

        scan = ways > walks.Count ? Median(perDistance[^1]) : 0;
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
