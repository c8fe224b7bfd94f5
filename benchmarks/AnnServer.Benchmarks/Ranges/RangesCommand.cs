using System.CommandLine;
using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Filters;

namespace AnnServer.Benchmarks.Ranges;

/// <summary>Measures searches with a score threshold.</summary>
internal sealed class RangesCommand
{
    public const string Name = "ranges";

    private readonly Option<string> _data = new("--data")
    {
        Description = "Folder of data sets; ANN_DATA by default.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ANN_DATA") ?? "../shared/data",
    };
    private readonly Option<string[]> _sets = new("--sets")
    {
        Description = "Data sets in it.",
        DefaultValueFactory = _ => ["sift-photo-200k", "text-lsa-100k", "wordvec-100"],
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<int> _queries = new("--queries") { Description = "Of each set.", DefaultValueFactory = _ => 200 };
    private readonly Option<int> _limit = new("--limit") { Description = "Results at most (k).", DefaultValueFactory = _ => 1000 };
    private readonly Option<double> _recall = new("--recall") { Description = "Asked for beside the default.", DefaultValueFactory = _ => 0.95 };
    private readonly Option<string> _out = new("--out") { Description = "Folder of results.", DefaultValueFactory = _ => "benchmarks/results" };
    private readonly Option<string?> _databases = new("--databases") { Description = "Folder where databases are kept for the next run." };

    public Command Build()
    {
        Command command = new(Name, "Measure searches within a score threshold beside searches for as many results as they may have.");
        foreach (Option option in (Option[])[_data, _sets, _queries, _limit, _recall, _out, _databases])
            command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        RangeLab lab = new(
            parsed.GetValue(_queries), parsed.GetValue(_limit), parsed.GetValue(_recall), parsed.GetValue(_databases));
        RangeReport report = new(parsed.GetValue(_limit));
        foreach (string name in parsed.GetRequiredValue(_sets))
        {
            foreach (DataSet dataSet in DataSet.Of(Path.Combine(parsed.GetRequiredValue(_data), name)))
            {
                LabSet set = LabSet.Read(dataSet, null);
                report.Add(set, await lab.RunAsync(set, cancellation));
                await report.WriteAsync(parsed.GetRequiredValue(_out), cancellation);
            }
        }
        return 0;
    }
}
