using System.CommandLine;

namespace AnnServer.Benchmarks.Compare;

/// <summary>Runs contenders in turn, round by round, so that whatever disturbs the machine disturbs them alike.</summary>
internal sealed class CompareCommand
{
    private readonly Option<string> _data = new("--data") { Description = "Folder of a data set.", Required = true };
    private readonly Option<string> _metric = new("--metric") { Description = "l2, ip or cosine.", Required = true };
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
    private readonly Option<string> _ef = new("--ef") { Description = "Efforts.", DefaultValueFactory = _ => "16,32,64,128,256" };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Measured rounds at each ef.", DefaultValueFactory = _ => 7 };
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
    private readonly Option<string> _indexes = new("--indexes")
    {
        Description = "Folder where built indexes are kept.",
        DefaultValueFactory = _ => "artifacts/indexes",
    };

    public Command Build()
    {
        Command command = new("compare", "Measure contenders on one core, interleaved.");
        foreach (Option option in (Option[])[
            _data, _metric, _contenders, _m, _efConstruction, _k, _ef, _rounds, _warmUp, _core, _out, _indexes])
        {
            command.Options.Add(option);
        }
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string folder = Path.GetFullPath(parsed.GetRequiredValue(_data));
        string dataset = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        List<ContenderProcess> contenders = [];
        try
        {
            foreach (string name in parsed.GetRequiredValue(_contenders).Split(',', StringSplitOptions.TrimEntries))
                contenders.Add(await StartAsync(parsed, folder, dataset, name, cancellationToken));
            List<ComparisonRow> rows = [];
            foreach (string ef in parsed.GetRequiredValue(_ef).Split(',', StringSplitOptions.TrimEntries))
                rows.AddRange(await MeasureAsync(parsed, contenders, dataset, int.Parse(ef), cancellationToken));
            await Console.Out.WriteAsync(ComparisonReport.Markdown(rows));
            await ComparisonReport.WriteAsync(
                parsed.GetRequiredValue(_out), $"compare-{dataset}-{parsed.GetValue(_metric)}", rows, cancellationToken);
            return 0;
        }
        finally
        {
            contenders.ForEach(contender => contender.Dispose());
        }
    }

    private async Task<ContenderProcess> StartAsync(
        ParseResult parsed, string folder, string dataset, string name, CancellationToken cancellationToken)
    {
        string indexes = Path.GetFullPath(parsed.GetRequiredValue(_indexes));
        Directory.CreateDirectory(indexes);
        int m = parsed.GetValue(_m), efConstruction = parsed.GetValue(_efConstruction);
        string metric = parsed.GetRequiredValue(_metric);
        string index = Path.Combine(indexes, $"{name}-{dataset}-{metric}-m{m}-efc{efConstruction}");
        ContenderOptions options = DataSetFiles.Find(folder, metric, m, efConstruction, parsed.GetValue(_k), index);
        return await ContenderProcess.StartAsync(parsed.GetValue(_core), ContenderCommands.Of(name), options, cancellationToken);
    }

    private async Task<IEnumerable<ComparisonRow>> MeasureAsync(
        ParseResult parsed, List<ContenderProcess> contenders, string dataset, int ef, CancellationToken cancellationToken)
    {
        int warmUp = parsed.GetValue(_warmUp);
        List<List<ContenderRound>> rounds = [.. contenders.Select(_ => new List<ContenderRound>())];
        for (int round = 0; round < warmUp + parsed.GetValue(_rounds); round++)
        {
            for (int i = 0; i < contenders.Count; i++)
            {
                ContenderRound result = await contenders[i].RunAsync(ef, cancellationToken);
                if (round >= warmUp)
                    rounds[i].Add(result);
            }
        }
        return contenders.Select((contender, i) => ComparisonRow.From(dataset, contender.Ready, ef, rounds[i]));
    }
}
