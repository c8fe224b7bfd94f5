using System.CommandLine;
using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Commands;

/// <summary>The options that every command which talks to a server has.</summary>
internal sealed class ServerOptions
{
    private readonly Option<string> _address = new("--address")
    {
        Description = "Address of the gRPC port.",
        DefaultValueFactory = _ => "http://127.0.0.1:50051",
    };

    private readonly Option<string> _collection = new("--collection") { Description = "Name of the collection.", Required = true };

    private readonly Option<int> _connections = new("--connections")
    {
        Description = "HTTP/2 connections.",
        DefaultValueFactory = _ => 1,
    };

    private readonly AccessOptions _access = new();

    private readonly Option<string?> _json = new("--json") { Description = "Also write the report to this file, as JSON." };

    public void AddTo(Command command, bool withCollection = true)
    {
        command.Options.Add(_address);
        if (withCollection)
            command.Options.Add(_collection);
        command.Options.Add(_connections);
        command.Options.Add(_json);
        _access.AddTo(command);
        _connections.Within(1, int.MaxValue, "--connections is at least 1.");
    }

    public ServerConnections Connect(ParseResult parsed) => Connect(parsed, parsed.GetValue(_connections));

    public ServerConnections Connect(ParseResult parsed, int connections)
    {
        Uri address = new(parsed.GetRequiredValue(_address));
        return new ServerConnections(address, connections, _access.Read(parsed, address));
    }

    public string Collection(ParseResult parsed) => parsed.GetRequiredValue(_collection);

    public string? Json(ParseResult parsed) => parsed.GetValue(_json);
}
