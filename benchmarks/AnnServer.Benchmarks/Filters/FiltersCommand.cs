using System.CommandLine;
using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Benchmarks.Filters.Reports;

namespace AnnServer.Benchmarks.Filters;

/// <summary>Measures filtered search over a grid of selectivities and shapes of filters.</summary>
internal sealed class FiltersCommand
{
    public const string Name = "filters";

    // A workload is one cell of many queries.
    private const int WorkloadShare = 10;

    private readonly Option<string> _data = new("--data")
    {
        Description = "Folder of data sets; ANN_DATA by default.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ANN_DATA") ?? "../shared/data",
    };
    private readonly Option<string> _sets = new("--sets")
    {
        Description = "Data sets in it, or paths of others.",
        DefaultValueFactory = _ => "sift-photo-200k,text-lsa-100k",
    };
    private readonly Option<string?> _vectors = new("--vectors")
    {
        Description = "One more set, under L2: a file of vectors (.bvecs, .fvecs or .f16vecs), some of which become its queries.",
    };
    private readonly Option<int?> _rows = new("--rows") { Description = "Only that many vectors of each set." };
    private readonly Option<string> _effort = new("--effort")
    {
        Description = $"What the engine is asked for: {SearchEffortChoice.Known}.",
        DefaultValueFactory = _ => "default",
    };
    private readonly Option<double> _target = new("--target")
    {
        Description = "Recall that excess is counted from.",
        DefaultValueFactory = _ => 0.95,
    };
    private readonly Option<int> _k = new("--k") { Description = "Results wanted.", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _queries = new("--queries") { Description = "Queries in a cell.", DefaultValueFactory = _ => 80 };
    private readonly Option<int> _pairs = new("--pairs")
    {
        Description = "Pairs in a cell of those that come with a data set, at most.",
        DefaultValueFactory = _ => int.MaxValue,
    };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Measured rounds.", DefaultValueFactory = _ => 5 };
    private readonly Option<double> _baselineSeconds = new("--baseline-seconds")
    {
        Description = "Processor time of one round of a baseline in a cell; one that needs more is asked fewer queries.",
        DefaultValueFactory = _ => 0.3,
    };
    private readonly Option<int> _workload = new("--workload")
    {
        Description = "Queries of a workload of few predicates, for batches; 0 leaves it out.",
        DefaultValueFactory = _ => 1000,
    };
    private readonly Option<double> _warmUp = new("--warm-up") { Description = "Seconds before those.", DefaultValueFactory = _ => 5 };
    private readonly Option<string?> _shapes = new("--shapes") { Description = $"Of {string.Join(", ", Enum.GetNames<Shape>())}." };
    private readonly Option<string?> _selectivities = new("--selectivities")
    {
        Description = $"In percent, of {string.Join(", ", Selectivities.All.Select(share => $"{share * 100:0.##}"))}.",
    };
    private readonly Option<int> _seed = new("--seed") { Description = "Of attributes and filters.", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "20 queries, 3 rounds, 20 pairs, 0.1 seconds for a baseline, a workload of 300, unless they are given: about "
            + "a minute a set.",
    };
    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder of results.",
        DefaultValueFactory = _ => "benchmarks/results",
    };
    private readonly Option<string?> _databases = new("--databases")
    {
        Description = "Folder where databases are kept, so that the next run need not build them.",
    };

    public Command Build()
    {
        Command command = new(Name, "Measure filtered search beside exact search and a post-filtered walk.");
        foreach (Option option in (Option[])[
            _data, _sets, _vectors, _rows, _effort, _target, _k, _queries, _pairs, _rounds, _baselineSeconds, _workload, _warmUp,
            _shapes, _selectivities, _seed, _quick, _out, _databases])
        {
            command.Options.Add(option);
        }
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        LabPlan plan = PlanOf(parsed);
        FilterLab lab = new(plan, parsed.GetValue(_databases));
        FilterReport report = new(plan);
        string folder = parsed.GetRequiredValue(_out);
        foreach (LabSet set in Sets(parsed, plan))
        {
            report.Add(await lab.RunAsync(set, cancellation));
            // After each, so that what a long run has measured is not lost when it is stopped.
            await report.WriteAsync(folder, cancellation);
        }
        if (report.HasFailed)
            await Console.Error.WriteLineAsync("Some answers are short or wrong; see the report.");
        return report.HasFailed ? 1 : 0;
    }

    private LabPlan PlanOf(ParseResult parsed)
    {
        bool isQuick = parsed.GetValue(_quick);
        T Sized<T>(Option<T> option, T quick) =>
            isQuick && parsed.GetResult(option) is null or { Implicit: true } ? quick : parsed.GetValue(option)!;
        return new LabPlan
        {
            Effort = SearchEffortChoice.Parse(parsed.GetRequiredValue(_effort)),
            Target = parsed.GetValue(_target),
            K = parsed.GetValue(_k),
            Queries = Sized(_queries, 20),
            Pairs = Sized(_pairs, 20),
            Rounds = Sized(_rounds, 3),
            BaselineSeconds = Sized(_baselineSeconds, 0.1),
            Workload = Sized(_workload, 300),
            WorkloadSeconds = Sized(_baselineSeconds, 0.1) * WorkloadShare,
            WarmUpSeconds = parsed.GetValue(_warmUp),
            Shapes = Parts(parsed.GetValue(_shapes)) is { Length: > 0 } shapes
                ? [.. shapes.Select(shape => Enum.Parse<Shape>(shape, ignoreCase: true))]
                : Enum.GetValues<Shape>(),
            Selectivities = Parts(parsed.GetValue(_selectivities)) is { Length: > 0 } percents
                ? [.. percents.Select(SelectivityOf)]
                : Selectivities.All,
            Seed = parsed.GetValue(_seed),
        };
    }

    private IEnumerable<LabSet> Sets(ParseResult parsed, LabPlan plan)
    {
        string root = parsed.GetRequiredValue(_data);
        int? rows = parsed.GetValue(_rows);
        foreach (string name in Parts(parsed.GetRequiredValue(_sets)))
        {
            string folder = Path.Combine(root, name);
            if (!Directory.Exists(folder))
            {
                Console.Error.WriteLine($"SKIPPED: there is no data set {Path.GetFullPath(folder)}. Set ANN_DATA or --data.");
                continue;
            }
            foreach (DataSet dataSet in DataSet.Of(folder))
                yield return LabSet.Read(dataSet, rows);
        }
        if (parsed.GetValue(_vectors) is { } file)
            yield return LabSet.ReadVectors(file, plan.Queries, rows);
    }

    private static double SelectivityOf(string percent)
    {
        double share = double.Parse(percent) / 100;
        return Selectivities.All.FirstOrDefault(known => Math.Abs(known - share) < 1e-9) is > 0 and var selectivity
            ? selectivity
            : throw new FormatException($"{percent} % is not among the selectivities of the grid.");
    }

    private static string[] Parts(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
