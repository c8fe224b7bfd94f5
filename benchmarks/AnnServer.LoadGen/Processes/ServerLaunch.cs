namespace AnnServer.LoadGen.Processes;

/// <summary>How to start a server.</summary>
/// <param name="Path">Its executable, or its .dll, which runs under <c>dotnet</c>.</param>
/// <param name="Processors">Those it may run on, as <c>taskset</c> writes them; null for all.</param>
/// <param name="Settings">As on its command line: <c>Ann:Key=value</c>.</param>
/// <param name="LogPath">Its log is appended to this file; null where nobody reads it.</param>
/// <param name="GrpcPort">0 takes a free one.</param>
/// <param name="HttpPort">0 takes a free one.</param>
internal sealed record ServerLaunch(
    string Path, string DataDirectory, string? Processors, IReadOnlyList<string> Settings, string? LogPath, int GrpcPort = 0, int HttpPort = 0)
{
    /// <summary>File name and arguments. A wrapper replaces itself by the server, which so keeps its process number.</summary>
    public (string File, IReadOnlyList<string> Arguments) Command
    {
        get
        {
            List<string> words = Processors is null ? [] : ["taskset", "-c", Processors];
            if (Path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
                words.Add("dotnet");
            words.Add(Path);
            words.Add($"--Ann:DataDirectory={DataDirectory}");
            words.Add($"--Ann:GrpcPort={GrpcPort}");
            words.Add($"--Ann:HttpPort={HttpPort}");
            words.AddRange(Settings.Select(setting => "--" + setting));
            return (words[0], words[1..]);
        }
    }
}
