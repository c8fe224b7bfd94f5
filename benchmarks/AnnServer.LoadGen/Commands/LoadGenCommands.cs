using System.CommandLine;
using AnnServer.LoadGen.Reports;
using Grpc.Core;

namespace AnnServer.LoadGen.Commands;

/// <summary>The whole command line.</summary>
internal static class LoadGenCommands
{
    public static RootCommand Build() => new("Loads, queries and checks an AnnServer over gRPC.")
    {
        new LoadCommand().Build(),
        new QueryCommand().Build(),
        new SimilarCommand().Build(),
        new FilteredCommand().Build(),
        new MixedCommand().Build(),
        new SoakCommand().Build(),
        new OverloadCommand().Build(),
        new StatsCommand().Build(),
        new GhzDataCommand().Build(),
        new RequestBodyCommand().Build(),
    };

    /// <summary>What a caller can do something about is said in one line on standard error; anything else is a defect and throws.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter errors, CancellationToken cancellationToken)
    {
        ReportConsole.Prepare();
        try
        {
            return await Build().Parse(arguments).InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, Error = errors }, cancellationToken);
        }
        catch (RpcException failure)
        {
            // Where no server answered, the cause names the address.
            string cause = failure.Status.DebugException is { } exception ? $" {exception.Message}" : "";
            await errors.WriteLineAsync($"{failure.StatusCode}: {failure.Status.Detail}{cause}");
            return 1;
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or FormatException)
        {
            await errors.WriteLineAsync(failure.Message);
            return 1;
        }
    }
}
