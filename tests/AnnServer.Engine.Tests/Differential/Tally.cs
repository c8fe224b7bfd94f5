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
        [OperationKind.Facets] = "counts of the values of attributes, two in three with a filter",
        [OperationKind.Sample] = "points drawn at random, two in three with a filter",
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
    private readonly SortedDictionary<string, Findings> _findings = new(StringComparer.Ordinal);

    public long Operations => _made.Values.Sum(made => made.Times);

    public int Databases { get; set; }

    /// <summary>Restarts after which all graphs were compared link by link.</summary>
    public int SameGraphs { get; set; }

    public IEnumerable<OperationKind> MissingKinds => Enum.GetValues<OperationKind>().Except(_made.Keys);

    public IReadOnlyDictionary<string, Findings> Findings => _findings;

    public void Made(OperationKind kind, int points)
    {
        (long times, long before) = _made.GetValueOrDefault(kind);
        _made[kind] = (times + 1, before + points);
    }

    /// <summary>A walk over the graph has found a share of the true nearest.</summary>
    public void Walked(Subject subject, bool isFiltered, double recall) => Of(subject).Walked(isFiltered, recall);

    /// <summary>To so many of the points no path on layer 0 led.</summary>
    public void Compared(Subject subject, int unreachable, int points) => Of(subject).Compared(unreachable, points);

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

            Over {SameGraphs} restarts no sweep was under way, and every graph was what it had been before, link by link.

            | collection | {Differential.Findings.Heading} |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            """);
        var all = new Findings();
        foreach ((string subject, Findings findings) in _findings)
        {
            text.AppendLine($"| {subject} | {findings} |");
            all.Add(findings);
        }

        text.AppendLine($"| **all** | {all} |");
        return text.ToString();
    }

    private Findings Of(Subject subject)
    {
        string name = $"{subject}";
        if (!_findings.TryGetValue(name, out Findings? findings))
        {
            _findings.Add(name, findings = new Findings());
        }

        return findings;
    }
}
