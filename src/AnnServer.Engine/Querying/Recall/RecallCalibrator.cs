using System.Diagnostics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying.Recall;

/// <summary>
/// Measures what walks of a collection find and cost, with the vectors of recent searches, or of stored points that the walks are kept
/// from meeting, and with filters that leave points at random. Exact answers come from comparing with all, by codes where there are any.
/// </summary>
internal sealed partial class RecallCalibrator(CollectionData data, ScratchPool scratches, CancellationToken cancellation)
{
    // Enough to be ordered by their vectors after a scan of codes.
    private const int ScanWidth = 256;

    // Nothing above it is told apart by so few queries; an effort that gets there is the last to be measured.
    private const double Saturated = 0.9985;

    // Vectors to search with: queries, and as many points as are missing. Only walks without a filter are made with all queries there are.
    private const int LeastProbes = 256;

    private static readonly int[] Results = [1, 10, RecallModel.MostResults];

    private static readonly (WalkKind Walk, double Share)[] Regimes =
    [
        (WalkKind.Through, 1), (WalkKind.Through, 0.5), (WalkKind.Through, 0.2), (WalkKind.Through, 0.08), (WalkKind.Through, 0.03),
        (WalkKind.Partitions, 1), (WalkKind.Partitions, 0.5), (WalkKind.Partitions, 0.2), (WalkKind.Partitions, 0.08),
        (WalkKind.Partitions, 0.03), (WalkKind.Partitions, 0.01),
        (WalkKind.Within, 0.5), (WalkKind.Within, 0.2), (WalkKind.Within, 0.08), (WalkKind.Within, 0.03), (WalkKind.Within, 0.01),
    ];

    private readonly Random _random = new(1);
    private readonly OrdinalBitmap _accept = new();

    /// <summary>Null where the collection has no points, or was dropped meanwhile.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="IOException">A vector that is kept on disk cannot be read.</exception>
    public RecallModel? Run(IReadOnlyList<float[]> recent)
    {
        List<Probe> probes = [.. recent.Select(static vector => new Probe(vector, null))];
        if (!AddHeldOut(probes))
        {
            return null;
        }

        List<RecallModel.Regime> regimes = [];
        int points = data.Index.LiveCount;
        foreach ((WalkKind walk, double share) in Regimes)
        {
            if (walk == WalkKind.Partitions && !data.Index.HasPartitions)
            {
                continue;
            }

            bool isUnfiltered = walk == WalkKind.Through && share == 1;
            if (!TryMeasure(walk, share, isUnfiltered ? probes : probes[..Math.Min(LeastProbes, probes.Count)], regimes))
            {
                return null;
            }
        }

        return TryPrice(probes, regimes, out ScanCosts costs)
            && TryMeasureShared(probes, costs.Compare, out double shared)
            && TryMeasureTogether(probes, out double together, out double lookers)
            ? new RecallModel(points, recent.Count, costs with { Share = shared, Together = together, Lookers = lookers }, regimes)
            : null;
    }

    // Stored points on no layer but the lowest, as many as queries are missing.
    private bool AddHeldOut(List<Probe> probes)
    {
        using ScratchPool.Scope scope = scratches.Rent();
        if (data.IsDropped || data.Index.LiveCount == 0)
        {
            return false;
        }

        uint slots = data.Index.SlotCount;
        for (int tries = 0; probes.Count < LeastProbes && tries < 16 * LeastProbes; tries++)
        {
            uint ordinal = (uint)_random.NextInt64(slots);
            if (data.Index.IsLive(ordinal) && data.Index.TopLayer(ordinal) == 0)
            {
                float[] vector = new float[data.Config.Dimension];
                data.Index.CopyVector(ordinal, vector);
                probes.Add(new Probe(vector, ordinal));
            }
        }

        return probes.Count > 0;
    }

    private bool TryMeasure(WalkKind walk, double share, List<Probe> probes, List<RecallModel.Regime> regimes)
    {
        if (!TryChoose(share, _accept, walk == WalkKind.Partitions, out int matching, out PartitionedMatches? arranged))
        {
            return false;
        }

        if (matching <= Results[^1])
        {
            // So few are compared with one by one.
            return true;
        }

        // Of each query: distances of its first, tenth and hundredth.
        var farthest = new float[probes.Count, Results.Length];
        var times = new double[probes.Count];
        for (int i = 0; i < probes.Count; i++)
        {
            using ScratchPool.Scope scope = scratches.Rent();
            if (data.IsDropped)
            {
                return false;
            }

            cancellation.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            data.Index.SearchCodes(probes[i].Vector, new SearchEffort(Results[^1] + 1, ScanWidth), _accept, scope.Scratch, cancellation);
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            for (int k = 0; k < Results.Length; k++)
            {
                farthest[i, k] = Farthest(scope.Scratch, Results[k], probes[i].HeldOut);
            }
        }

        double scan = Median(times);
        List<(int, RecallCurve)> curves = [];
        for (int k = 0; k < Results.Length; k++)
        {
            List<RecallPoint> points = [];
            foreach (double effort in EffortLadder.Of(data.Config.Metric, walk))
            {
                if (!TryWalk(walk, share, arranged, effort, probes, farthest, k, out RecallPoint point))
                {
                    return false;
                }

                points.Add(point);
                // One that takes far longer than the scan will never be chosen.
                if (point.Recall >= Saturated || point.Microseconds > 2 * scan)
                {
                    break;
                }
            }

            curves.Add((Results[k], new RecallCurve(points)));
        }

        regimes.Add(new RecallModel.Regime(walk, share, curves));
        return true;
    }

    private bool TryWalk(
        WalkKind walk, double share, PartitionedMatches? arranged, double effort, List<Probe> probes, float[,] farthest, int column, out RecallPoint point)
    {
        int k = Results[column];
        long found = 0;
        long distances = 0;
        long tests = 0;
        var perDistance = new double[probes.Count];
        for (int i = 0; i < probes.Count; i++)
        {
            point = default;
            using ScratchPool.Scope scope = scratches.Rent();
            if (data.IsDropped)
            {
                return false;
            }

            SearchScratch scratch = scope.Scratch;
            long started = Stopwatch.GetTimestamp();
            Search(walk, share, _accept, arranged, effort, probes[i], k, scratch);
            perDistance[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds / scratch.DistanceComputations;
            distances += scratch.DistanceComputations;
            tests += scratch.MembersTested;
            int counted = 0;
            for (int j = 0; j < scratch.ResultCount && counted < k; j++)
            {
                if (scratch.Result(j).Ordinal != probes[i].HeldOut)
                {
                    counted++;
                    found += scratch.Result(j).Distance <= farthest[i, column] ? 1 : 0;
                }
            }
        }

        double meanDistances = (double)distances / probes.Count;
        // By the median of each query's: whatever else the machine does meanwhile hits some queries, not half of them.
        point = new RecallPoint(effort, (double)found / (k * probes.Count), meanDistances, Median(perDistance) * meanDistances, (double)tests / probes.Count);
        return true;
    }

    /// <param name="arranged">Of the accepted, by parts; null to look every member up.</param>
    private void Search(
        WalkKind walk,
        double share,
        OrdinalBitmap accept,
        PartitionedMatches? arranged,
        double effort,
        in Probe probe,
        int k,
        SearchScratch scratch)
    {
        scratch.HeldOut = probe.HeldOut;
        if (walk == WalkKind.Partitions)
        {
            // There the point is met if it is one of them: one more is looked for.
            int wanted = probe.HeldOut is { } heldOut && accept.Contains(heldOut) ? k + 1 : k;
            SearchEffort partsEffort = EffortLadder.ToPartitions(effort, wanted, SearchPlanner.CodesWidth(wanted), share, effort);
            data.Index.SearchPartitions(probe.Vector, partsEffort, accept, arranged, scratch, cancellation);
            return;
        }

        SearchEffort walkEffort = EffortLadder.ToEffort(data.Config.Metric, effort, k, long.MaxValue) with { Within = walk == WalkKind.Within };
        data.Index.Search(probe.Vector, walkEffort, share < 1 ? accept : null, scratch, cancellation);
    }

    // The live points, each with a chance of the share, and also by parts where they are wanted so. False where the collection was dropped.
    private bool TryChoose(double share, OrdinalBitmap accept, bool arrange, out int matching, out PartitionedMatches? arranged)
    {
        matching = 0;
        arranged = null;
        using ScratchPool.Scope scope = scratches.Rent();
        if (data.IsDropped)
        {
            return false;
        }

        data.CopyLive(accept);
        Span<ulong> words = accept.Words;
        foreach (ref ulong word in words)
        {
            for (ulong rest = share < 1 ? word : 0; rest != 0; rest &= rest - 1)
            {
                if (_random.NextDouble() >= share)
                {
                    word &= ~(rest & (~rest + 1));
                }
            }
        }

        matching = accept.Count();
        arranged = arrange ? data.Index.Arrange(accept) : null;
        return true;
    }

    // Leaving the point itself out, which the scan has met.
    private static float Farthest(SearchScratch scratch, int k, uint? heldOut)
    {
        int seen = 0;
        for (int i = 0; i < scratch.ResultCount; i++)
        {
            if (scratch.Result(i).Ordinal != heldOut && ++seen == k)
            {
                return scratch.Result(i).Distance;
            }
        }

        return float.PositiveInfinity;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    /// <summary>A vector to search with, and the point that has it.</summary>
    private readonly record struct Probe(float[] Vector, uint? HeldOut);
}
