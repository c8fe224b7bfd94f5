using System.CommandLine;
using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Compare.Reports;

namespace AnnServer.Benchmarks.Compare;

/// <summary>Compares indexes on the same data, the same core, in the same minutes.</summary>
internal sealed class CompareCommand
{
    private readonly Option<string[]> _data = new("--data")
    {
        Description = "Folders of data sets, each under every metric that it has a ground truth for.",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string> _contenders = new("--contenders")
    {
        Description = "In the order of their rounds: " + ContenderCommands.Known + ".",
        DefaultValueFactory = _ => "hnswlib,annserver",
    };
    private readonly Option<int> _m = new("--m") { Description = "Links of a new node.", DefaultValueFactory = _ => 16 };
    private readonly Option<int> _efConstruction = new("--efc")
    {
        Description = "Candidates at construction.",
        DefaultValueFactory = _ => 200,
    };
    private readonly Option<int> _k = new("--k") { Description = "Results wanted.", DefaultValueFactory = _ => 10 };
    private readonly Option<string> _ef = new("--ef")
    {
        Description = "Efforts.",
        DefaultValueFactory = _ => "10,16,24,32,48,64,96,128,192,256,512",
    };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Measured rounds at each ef.", DefaultValueFactory = _ => 5 };
    private readonly Option<int> _warmUp = new("--warm-up") { Description = "Rounds before those.", DefaultValueFactory = _ => 2 };
    private readonly Option<int> _core = new("--core")
    {
        Description = "The core that all run on.",
        DefaultValueFactory = _ => Environment.ProcessorCount - 1,
    };
    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder of results.",
        DefaultValueFactory = _ => "benchmarks/results",
    };
    private readonly Option<string?> _indexes = new("--indexes")
    {
        Description = "Folder where contenders may keep what they build; then build times are those of the day they were built.",
    };

    public Command Build()
    {
        Command command = new("compare", "Measure contenders on one core, interleaved.");
        foreach (Option option in (Option[])[
            _data, _contenders, _m, _efConstruction, _k, _ef, _rounds, _warmUp, _core, _out, _indexes])
        {
            command.Options.Add(option);
        }
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ComparisonPlan plan = new(
            Parts(parsed.GetRequiredValue(_contenders)), parsed.GetValue(_m), parsed.GetValue(_efConstruction), parsed.GetValue(_k),
            [.. Parts(parsed.GetRequiredValue(_ef)).Select(int.Parse)])
        {
            Rounds = parsed.GetValue(_rounds),
            WarmUp = parsed.GetValue(_warmUp),
            Core = parsed.GetValue(_core),
            Indexes = parsed.GetValue(_indexes) is { } folder ? Path.GetFullPath(folder) : null,
        };
        Comparison comparison = new(plan);
        DataSet[] dataSets = [.. parsed.GetRequiredValue(_data).SelectMany(DataSet.Of)];
        ComparisonReport report = new(plan, Machine.Describe());
        foreach (DataSet dataSet in dataSets)
        {
            report.Add(await comparison.RunAsync(dataSet, cancellationToken));
            // After each, so that what a long run has measured is not lost when it is stopped.
            await report.WriteAsync(parsed.GetRequiredValue(_out), cancellationToken);
        }
        await Console.Out.WriteAsync(report.Markdown());
        return 0;
    }

    private static string[] Parts(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
