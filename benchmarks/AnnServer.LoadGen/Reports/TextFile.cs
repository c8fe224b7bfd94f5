namespace AnnServer.LoadGen.Reports;

/// <summary>A report as a file, in folders that are made for it.</summary>
internal static class TextFile
{
    public static async Task WriteAsync(string? path, Func<string> text, CancellationToken cancellationToken)
    {
        if (path is null)
            return;
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory)
            Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(path, text(), cancellationToken);
    }
}
