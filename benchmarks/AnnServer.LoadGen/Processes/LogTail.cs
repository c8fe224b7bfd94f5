namespace AnnServer.LoadGen.Processes;

/// <summary>Reads a log so that its writer never waits, keeps the last lines, and appends all of them to a file where there is one.</summary>
internal sealed class LogTail(StreamReader log, string? path)
{
    private const int Kept = 20;
    private readonly Queue<string> _lines = new();

    /// <summary>To be read when the log has ended.</summary>
    public string Text => string.Join('\n', _lines);

    public async Task RunAsync()
    {
        await using StreamWriter? file = path is null ? null : new StreamWriter(path, append: true);
        while (await log.ReadLineAsync() is { } line)
        {
            if (_lines.Count == Kept)
                _lines.Dequeue();
            _lines.Enqueue(line);
            if (file is not null)
                await file.WriteLineAsync(line);
        }
    }
}
