using System.IO.Compression;
using System.Text.Json;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Data;

/// <summary>Attributes by row, from a file of one JSON object a line, plain or gzip.</summary>
internal static class AttributeFile
{
    public static async Task<IReadOnlyList<IReadOnlyDictionary<string, Value>>> ReadAsync(
        string path, IReadOnlyList<AttributeSchema> schema, CancellationToken cancellationToken)
    {
        await using Stream file = File.OpenRead(path);
        bool isPacked = path.EndsWith(".gz", StringComparison.Ordinal);
        await using Stream content = isPacked ? new GZipStream(file, CompressionMode.Decompress) : file;
        return await ReadAsync(content, schema, cancellationToken);
    }

    public static async Task<IReadOnlyList<IReadOnlyDictionary<string, Value>>> ReadAsync(
        Stream content, IReadOnlyList<AttributeSchema> schema, CancellationToken cancellationToken)
    {
        Dictionary<string, AttributeType> types = schema.ToDictionary(entry => entry.Name, entry => entry.Type, StringComparer.Ordinal);
        using StreamReader reader = new(content);
        List<IReadOnlyDictionary<string, Value>> rows = [];
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            Dictionary<string, Value> row = new(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Null)
                    row.Add(property.Name, JsonValues.Read(property.Value, types.GetValueOrDefault(property.Name)));
            }
            rows.Add(row);
        }
        return rows;
    }
}
