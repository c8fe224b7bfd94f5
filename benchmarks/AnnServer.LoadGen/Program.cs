using System.CommandLine;
using AnnServer.LoadGen.Commands;

RootCommand root = new("Loads, queries and checks an AnnServer over gRPC.")
{
    new LoadCommand().Build(),
    new QueryCommand().Build(),
    new FilteredCommand().Build(),
    new MixedCommand().Build(),
    new GhzDataCommand().Build(),
    new RequestBodyCommand().Build(),
};
return await root.Parse(args).InvokeAsync();
