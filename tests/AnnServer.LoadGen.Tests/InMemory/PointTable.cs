using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Filters;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests.InMemory;

/// <summary>All points of the server in memory, in one collection whatever its name, searched exactly.</summary>
internal sealed class PointTable(Metric metric, Fault fault)
{
    private const int UpsertsToALoss = 20;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<PointId, Point> _points = new(Comparer<PointId>.Create((a, b) =>
        a.Num != b.Num ? a.Num.CompareTo(b.Num) : string.CompareOrdinal(a.Key, b.Key)));
    private int _refusalsLeft = fault switch
    {
        Fault.IsBusyAtFirst => 3,
        Fault.IsFull => int.MaxValue,
        _ => 0,
    };

    private int _upserts;

    public Fault Fault { get; } = fault;

    public Metric Metric { get; } = metric;

    public void Upsert(IEnumerable<Point> points)
    {
        lock (_gate)
        {
            foreach (Point point in points)
                _points[point.Id] = point;
        }
    }

    /// <summary>Whether the next write is to be refused.</summary>
    public bool TakeRefusal()
    {
        lock (_gate)
            return _refusalsLeft-- > 0;
    }

    /// <summary>Whether the next upsert is to be acknowledged and not made.</summary>
    public bool TakeLoss()
    {
        lock (_gate)
            return Fault == Fault.LosesUpserts && ++_upserts % UpsertsToALoss == 0;
    }

    public List<Point> Select(Filter? filter)
    {
        Predicate? predicate = filter is null || Fault == Fault.IgnoresFilters ? null
            : filter.KindCase == Filter.KindOneofCase.Expression ? ExpressionReader.Read(filter.Expression) : filter.Predicate;
        lock (_gate)
            return [.. _points.Values.Where(point => predicate is null || Matches(predicate, point)).Select(point => point.Clone())];
    }

    public Point? Find(PointId id)
    {
        lock (_gate)
            return _points.GetValueOrDefault(id)?.Clone();
    }

    public int Delete(IEnumerable<PointId> ids)
    {
        int deleted = 0;
        lock (_gate)
        {
            foreach (PointId id in ids)
            {
                bool found = Fault == Fault.ReturnsDeletedPoints ? _points.ContainsKey(id) : _points.Remove(id);
                deleted += found ? 1 : 0;
            }
        }
        return deleted;
    }

    public SearchResponse Search(SearchRequest request)
    {
        float[] query = PackedVectors.ToSingles(request.Vector);
        ScoreKind kind = Metrics.ScoreOf(Metric);
        List<(double Score, Point Point)> ranked =
            [.. Select(request.Filter).Select(point => (ExactScore.Compute(kind, query, PackedVectors.ToSingles(point.Vector)), point))];
        ranked.Sort((a, b) => ExactScore.Compare(kind, a.Score, b.Score));
        int k = Fault == Fault.ReturnsTooFew ? (int)request.K - 1 : (int)request.K;
        int skipped = Fault == Fault.MisordersExactAnswers && request.EffortCase == SearchRequest.EffortOneofCase.Exact ? 1 : 0;
        SearchResponse response = new() { Report = new SearchReport { Strategy = "exact", Matching = (ulong)ranked.Count } };
        foreach ((double score, Point point) in ranked.Skip(skipped).Take(k))
        {
            Hit hit = new() { Id = point.Id, Score = (float)Metrics.ToServerScore(Metric, score) };
            if (request.WithAttributes)
                hit.Attributes.Add(point.Attributes);
            response.Hits.Add(hit);
        }
        return response;
    }

    private static bool Matches(Predicate predicate, Point point) =>
        PredicateOracle.Matches(predicate, point.Id, new Dictionary<string, Value>(point.Attributes));
}
