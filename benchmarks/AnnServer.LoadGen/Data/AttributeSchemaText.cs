using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Data;

/// <summary>The schema as it is written on the command line: <c>name:type,name:type</c>.</summary>
internal static class AttributeSchemaText
{
    public static IReadOnlyList<AttributeSchema> Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return [];
        List<AttributeSchema> schema = [];
        foreach (string entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = entry.Split(':');
            if (parts.Length != 2)
                throw new FormatException($"'{entry}' is not of the form name:type.");
            schema.Add(new AttributeSchema { Name = parts[0], Type = TypeOf(parts[1]) });
        }
        return schema;
    }

    private static AttributeType TypeOf(string name) => name switch
    {
        "keyword" => AttributeType.Keyword,
        "int64" => AttributeType.Int64,
        "double" => AttributeType.Double,
        "bool" => AttributeType.Bool,
        "timestamp" => AttributeType.Timestamp,
        "keyword_list" => AttributeType.KeywordList,
        "int64_list" => AttributeType.Int64List,
        "geo_point" => AttributeType.GeoPoint,
        "text" => AttributeType.Text,
        _ => throw new FormatException(
            $"'{name}' is not a type: keyword, int64, double, bool, timestamp, keyword_list, int64_list, geo_point or text."),
    };
}
