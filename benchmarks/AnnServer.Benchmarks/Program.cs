using System.CommandLine;
using AnnServer.Benchmarks;
using AnnServer.Benchmarks.Compare;
using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Filters;
using AnnServer.Benchmarks.Ranges;
using BenchmarkDotNet.Running;

if (args is not ["compare" or ContenderCommand.Name or HoldOutCommand.Name or GenerateCommand.Name or FiltersCommand.Name or RangesCommand.Name, ..])
{
    BenchmarkSwitcher.FromAssembly(typeof(BenchmarkConfig).Assembly).Run(args, new BenchmarkConfig());
    return 0;
}

RootCommand root = new(
    "Micro-benchmarks by default; compare and contender measure whole indexes, hold-out and generate make data for them, filters measures "
    + "filtered search, ranges search within a score threshold.")
{
    new CompareCommand().Build(),
    new ContenderCommand().Build(),
    new HoldOutCommand().Build(),
    new GenerateCommand().Build(),
    new FiltersCommand().Build(),
    new RangesCommand().Build(),
};
return await root.Parse(args).InvokeAsync();
