using System.CommandLine;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.RequestFiles;
using Google.Protobuf;

namespace AnnServer.LoadGen.Commands;

/// <summary>Writes the body of one gRPC call, for h2load.</summary>
internal sealed class RequestBodyCommand
{
    private readonly RequestFileOptions _request = new();

    public Command Build()
    {
        Command command = new("request-body", "Write one framed gRPC request, the body that h2load sends.");
        _request.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        VectorFile vectors = _request.Vectors(parsed);
        IMessage message = RequestWriter.Build(_request.Plan(parsed, vectors, 1), vectors).First();
        await File.WriteAllBytesAsync(_request.Out(parsed), RequestWriter.Frame(message), cancellationToken);
        return 0;
    }
}
