using System.CommandLine;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.RequestFiles;

namespace AnnServer.LoadGen.Commands;

/// <summary>Writes data files for ghz.</summary>
internal sealed class GhzDataCommand
{
    private readonly RequestFileOptions _request = new();
    private readonly Option<int?> _count = new("--count") { Description = "Requests at most; ghz sends them round-robin." };

    public Command Build()
    {
        Command command = new("ghz-data", "Write requests as a JSON array for ghz.");
        _request.AddTo(command);
        command.Options.Add(_count);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        VectorFile vectors = _request.Vectors(parsed);
        await using StreamWriter output = new(_request.Out(parsed));
        await RequestWriter.WriteJsonAsync(output, RequestWriter.Build(_request.Plan(parsed, vectors, parsed.GetValue(_count)), vectors));
        return 0;
    }
}
