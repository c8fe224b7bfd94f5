using System.CommandLine;

namespace AnnServer.Benchmarks.Compare;

/// <summary>Makes this process a contender, for <see cref="CompareCommand"/> to drive.</summary>
internal sealed class ContenderCommand
{
    public const string Name = "contender";

    private readonly Option<string> _kind = new("--kind") { Description = InProcessContenders.Known, Required = true };
    private readonly Option<string> _base = new("--base") { Required = true };
    private readonly Option<string> _query = new("--query") { Required = true };
    private readonly Option<string> _truth = new("--gt") { Required = true };
    private readonly Option<string> _scores = new("--gt-scores") { Required = true };
    private readonly Option<string> _metric = new("--metric") { Required = true };
    private readonly Option<int> _m = new("--m") { DefaultValueFactory = _ => 16 };
    private readonly Option<int> _efConstruction = new("--efc") { DefaultValueFactory = _ => 200 };
    private readonly Option<int> _k = new("--k") { DefaultValueFactory = _ => 10 };
    private readonly Option<string> _index = new("--index") { DefaultValueFactory = _ => "" };

    public Command Build()
    {
        Command command = new(Name, "Answer rounds on command; the protocol is in benchmarks/compare/README.md.");
        foreach (Option option in (Option[])[_kind, _base, _query, _truth, _scores, _metric, _m, _efConstruction, _k, _index])
            command.Options.Add(option);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        ContenderOptions options = new(
            parsed.GetRequiredValue(_base), parsed.GetRequiredValue(_query), parsed.GetRequiredValue(_truth),
            parsed.GetRequiredValue(_scores), parsed.GetRequiredValue(_metric), parsed.GetValue(_m), parsed.GetValue(_efConstruction),
            parsed.GetValue(_k), parsed.GetRequiredValue(_index));
        using IContender contender = InProcessContenders.Create(parsed.GetRequiredValue(_kind), options);
        new ContenderLoop(contender, options).Serve(Console.In, Console.Out);
        return 0;
    }
}
