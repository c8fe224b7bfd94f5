using System.Text.Json;

namespace AnnServer.Benchmarks.Compare;

/// <summary>The lines that driver and contender exchange. Specified in benchmarks/compare/README.md.</summary>
internal static class ContenderProtocol
{
    public const string Quit = "quit";
    private const string RunVerb = "run ";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string Run(int ef) => $"{RunVerb}{ef}";

    public static int ParseRun(string line)
    {
        if (!line.StartsWith(RunVerb, StringComparison.Ordinal) || !int.TryParse(line.AsSpan(RunVerb.Length), out int ef) || ef <= 0)
            throw new FormatException($"Expected 'run EF' or 'quit', got '{line}'.");
        return ef;
    }

    public static string Format<T>(T message) => JsonSerializer.Serialize(message, Json);

    public static T Parse<T>(string line)
        where T : class
    {
        return JsonSerializer.Deserialize<T>(line, Json) ?? throw new FormatException("Expected an object, got null.");
    }
}
