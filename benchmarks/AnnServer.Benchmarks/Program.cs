using System.CommandLine;
using AnnServer.Benchmarks;
using AnnServer.Benchmarks.Compare;
using BenchmarkDotNet.Running;

if (args is not ["compare" or ContenderCommand.Name or HoldOutCommand.Name, ..])
{
    BenchmarkSwitcher.FromAssembly(typeof(BenchmarkConfig).Assembly).Run(args, new BenchmarkConfig());
    return 0;
}

RootCommand root = new("Micro-benchmarks by default; compare and contender measure whole indexes, hold-out makes data for them.")
{
    new CompareCommand().Build(),
    new ContenderCommand().Build(),
    new HoldOutCommand().Build(),
};
return await root.Parse(args).InvokeAsync();
