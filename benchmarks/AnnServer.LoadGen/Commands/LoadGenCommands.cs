using System.CommandLine;

namespace AnnServer.LoadGen.Commands;

/// <summary>The whole command line.</summary>
internal static class LoadGenCommands
{
    public static RootCommand Build() => new("Loads, queries and checks an AnnServer over gRPC.")
    {
        new LoadCommand().Build(),
        new QueryCommand().Build(),
        new FilteredCommand().Build(),
        new MixedCommand().Build(),
        new GhzDataCommand().Build(),
        new RequestBodyCommand().Build(),
    };
}
