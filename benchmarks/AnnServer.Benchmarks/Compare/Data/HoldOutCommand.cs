using System.CommandLine;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>Makes a data set of any vector file, so that a comparison can run on the data that matters to someone.</summary>
internal sealed class HoldOutCommand
{
    public const string Name = "hold-out";

    private readonly Option<string> _vectors = new("--vectors") { Description = ".fvecs, .bvecs or .f16vecs.", Required = true };
    private readonly Option<string> _metric = new("--metric") { Description = "l2, ip or cosine.", Required = true };
    private readonly Option<int> _queries = new("--queries") { Description = "Rows held out.", DefaultValueFactory = _ => 1000 };
    private readonly Option<int> _depth = new("--depth") { Description = "Neighbours of a query.", DefaultValueFactory = _ => 100 };
    private readonly Option<string> _out = new("--out") { Description = "Folder of the data set.", Required = true };

    public Command Build()
    {
        Command command = new(Name, "Hold out rows of a file as queries and compute their exact neighbours among the rest.");
        foreach (Option option in (Option[])[_vectors, _metric, _queries, _depth, _out])
            command.Options.Add(option);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string source = parsed.GetRequiredValue(_vectors);
        new HoldOutSet(VectorFile.Read(source), parsed.GetValue(_queries)).Write(
            parsed.GetRequiredValue(_out), parsed.GetRequiredValue(_metric), parsed.GetValue(_depth), Path.GetExtension(source));
        return 0;
    }
}
