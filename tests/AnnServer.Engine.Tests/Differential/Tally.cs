using System.Text;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>Counts what a run has done and what its walks have found, and writes it as tables.</summary>
internal sealed class Tally
{
    private static readonly Dictionary<OperationKind, string> Kinds = new()
    {
        [OperationKind.UpsertOne] = "upsert of one point",
        [OperationKind.UpsertMany] = "upsert of several points, some of them twice",
        [OperationKind.UpsertRefused] = "upsert that has to be refused",
        [OperationKind.DeleteIds] = "delete by identifiers",
        [OperationKind.DeleteMatching] = "delete by filter",
        [OperationKind.UpdateAttributes] = "update of attributes",
        [OperationKind.Get] = "get",
        [OperationKind.Count] = "count, two in three with a filter",
        [OperationKind.Scroll] = "scroll to the end, in all orders",
        [OperationKind.ExactSearch] = "exact search, half of them with a filter",
        [OperationKind.GraphSearch] = "search",
        [OperationKind.FilteredGraphSearch] = "search with a filter",
        [OperationKind.SearchBatch] = "batch of searches",
        [OperationKind.ChangeSchema] = "change of the indexed attributes",
        [OperationKind.CreateCollection] = "create a collection",
        [OperationKind.DropCollection] = "drop a collection",
        [OperationKind.Checkpoint] = "checkpoint",
        [OperationKind.Backup] = "backup",
        [OperationKind.Reopen] = "restart: close and open",
        [OperationKind.Crash] = "restart: crash",
        [OperationKind.Restore] = "restart: restore a backup and go on from it",
    };

    private readonly SortedDictionary<OperationKind, (long Times, long Points)> _made = [];
    private readonly Dictionary<string, Walks> _walks = [];
    private double _mostUnreachable;

    public long Operations => _made.Values.Sum(made => made.Times);

    public int Databases { get; set; }

    /// <summary>Restarts after which all graphs were compared link by link.</summary>
    public int SameGraphs { get; set; }

    public IEnumerable<OperationKind> MissingKinds => Enum.GetValues<OperationKind>().Except(_made.Keys);

    public IEnumerable<(string Subject, double Mean)> Recalls => _walks.Select(walks => (walks.Key, walks.Value.Mean));

    public void Made(OperationKind kind, int points)
    {
        (long times, long before) = _made.GetValueOrDefault(kind);
        _made[kind] = (times + 1, before + points);
    }

    /// <summary>The share of a collection's points that no walk could have found at the time of a comparison.</summary>
    public void Unreachable(double share) => _mostUnreachable = Math.Max(_mostUnreachable, share);

    /// <summary>The share of the true nearest that a walk over the graph has found.</summary>
    public void Walked(Subject subject, bool isFiltered, double recall)
    {
        string name = $"{subject}";
        if (!_walks.TryGetValue(name, out Walks? walks))
        {
            _walks.Add(name, walks = new Walks());
        }

        walks.Add(isFiltered, recall);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine("| operation | made | points written or compared | differences |");
        text.AppendLine("| --- | ---: | ---: | ---: |");
        foreach ((OperationKind kind, (long times, long points)) in _made)
        {
            text.AppendLine($"| {Kinds[kind]} | {times} | {points} | 0 |");
        }

        text.AppendLine(
            $"""
            | **all**, in {Databases} databases | {Operations} | {_made.Values.Sum(made => made.Points)} | 0 |

            Over {SameGraphs} restarts no sweep was under way, and every graph was what it had been before, link by link. Of a collection under L2
            or cosine at most {_mostUnreachable:P2} of the points were out of reach of walks at once.

            | collection | walks | of them filtered | mean recall@10 | of filtered ones | worst walk |
            | --- | ---: | ---: | ---: | ---: | ---: |
            """);
        var all = new Walks();
        foreach ((string subject, Walks walks) in _walks.OrderBy(walks => walks.Key, StringComparer.Ordinal))
        {
            text.AppendLine($"| {subject} | {walks} |");
            all.Add(walks);
        }

        text.AppendLine($"| **all** | {all} |");
        return text.ToString();
    }

    private sealed class Walks
    {
        private readonly int[] _count = new int[2];
        private readonly double[] _sum = new double[2];
        private double _worst = 1;

        public double Mean => _sum.Sum() / _count.Sum();

        public void Add(bool isFiltered, double recall)
        {
            int kind = isFiltered ? 1 : 0;
            _count[kind]++;
            _sum[kind] += recall;
            _worst = Math.Min(_worst, recall);
        }

        public void Add(Walks walks)
        {
            for (int kind = 0; kind < 2; kind++)
            {
                _count[kind] += walks._count[kind];
                _sum[kind] += walks._sum[kind];
            }

            _worst = Math.Min(_worst, walks._worst);
        }

        public override string ToString() =>
            $"{_count.Sum()} | {_count[1]} | {Mean:F4} | {(_count[1] == 0 ? "-" : $"{_sum[1] / _count[1]:F4}")} | {_worst:F1}";
    }
}
