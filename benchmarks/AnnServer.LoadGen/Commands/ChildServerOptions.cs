using System.CommandLine;
using System.CommandLine.Parsing;
using AnnServer.LoadGen.Processes;

namespace AnnServer.LoadGen.Commands;

/// <summary>The options of commands that start a server of their own.</summary>
internal sealed class ChildServerOptions(bool isRequired)
{
    private readonly Option<string?> _server = new("--server")
    {
        Description = "The server to start: its executable, or its .dll.",
        Required = isRequired,
    };

    private readonly Option<string?> _data = new("--data") { Description = "Its data directory, which is empty or not there.", Required = isRequired };
    private readonly Option<string?> _serverProcessors = new("--server-cpus") { Description = "Processors it is kept to: 0, or 0,2-3." };
    private readonly Option<string?> _clientProcessors = new("--client-cpus") { Description = "Processors the client is kept to." };
    private readonly Option<string?> _log = new("--server-log") { Description = "Append its log to this file." };
    private readonly Option<string[]> _settings = new("--setting")
    {
        Description = "A setting of it, any number of times: Ann:MaxCallsInFlight=64.",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_server, _data, _serverProcessors, _clientProcessors, _log, _settings])
            command.Options.Add(option);
        _settings.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (!token.Value.Contains('='))
                    result.AddError($"--setting is KEY=VALUE, not {token.Value}.");
            }
        });
        command.Validators.Add(result =>
        {
            if ((result.GetValue(_server) is null) != (result.GetValue(_data) is null))
                result.AddError("--server and --data go together.");
        });
    }

    /// <summary>Keeps the client to its processors, and says how to start the server; null where none is to be started.</summary>
    public async Task<ServerLaunch?> PrepareAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_clientProcessors) is { } processors)
            await OwnProcessors.KeepToAsync(processors, cancellationToken);
        if (parsed.GetValue(_server) is not { } server || parsed.GetValue(_data) is not { } data)
            return null;
        if (!File.Exists(server))
            throw new InvalidDataException($"There is no server {server}.");
        if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any())
            throw new InvalidDataException($"{data} is not empty.");
        return new ServerLaunch(
            Path.GetFullPath(server), Path.GetFullPath(data), parsed.GetValue(_serverProcessors), parsed.GetRequiredValue(_settings), parsed.GetValue(_log));
    }
}
