using System.IO.Compression;
using System.Text.Json;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Filters.Columns;

/// <summary>The real attributes of <c>text-lsa-100k</c>: all that its pairs filter by.</summary>
internal static class TextColumns
{
    public const string FileName = "base_attrs.jsonl.gz";

    private static readonly (string Name, AttributeType Type)[] Schema =
    [
        ("kind", AttributeType.Keyword), ("source", AttributeType.Keyword), ("author", AttributeType.Keyword),
        ("area", AttributeType.Keyword), ("status", AttributeType.Keyword), ("lang", AttributeType.Keyword), ("ext", AttributeType.Keyword),
        ("code_lang", AttributeType.KeywordList), ("year", AttributeType.Int64), ("words", AttributeType.Int64), ("doc", AttributeType.Int64),
        ("pos", AttributeType.Double), ("has_code", AttributeType.Bool),
    ];

    public static IReadOnlyList<IColumn> Read(string folder)
    {
        using GZipStream content = new(File.OpenRead(Path.Combine(folder, FileName)), CompressionMode.Decompress);
        using StreamReader reader = new(content);
        List<JsonElement> rows = [];
        while (reader.ReadLine() is { } line)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            rows.Add(document.RootElement.Clone());
        }
        return [.. Schema.Select(attribute => Column(attribute.Name, attribute.Type, rows))];
    }

    private static IColumn Column(string name, AttributeType type, IReadOnlyList<JsonElement> rows) =>
        type is AttributeType.Keyword or AttributeType.KeywordList
            ? new KeywordColumn(name, type, rows.Select(row => row.TryGetProperty(name, out JsonElement value) ? Words(value) : []))
            : new NumberColumn(
                name, type, [.. rows.Select(row => row.TryGetProperty(name, out JsonElement value) ? Number(value) : double.NaN)]);

    private static string[] Words(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(item => item.GetString() ?? "")]
        : [value.GetString() ?? ""];

    private static double Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => value.GetDouble(),
    };
}
