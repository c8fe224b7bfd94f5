using System.Text.Json;
using System.Text.Json.Serialization;

namespace AnnServer.LoadGen.Reports;

/// <summary>Writes reports as JSON with snake_case names.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Format<T>(T report) => JsonSerializer.Serialize(report, Options);

    public static async Task WriteAsync<T>(string? path, T report, CancellationToken cancellationToken)
    {
        if (path is null)
            return;
        string? directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (directory is not null)
            Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(path, Format(report) + "\n", cancellationToken);
    }
}
