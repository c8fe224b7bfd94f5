using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace AnnServer.Rpc.Json.OpenApi;

/// <summary>Schemas of messages and enums as protobuf has them in JSON. What refers to one brings it, and what it refers to, among the components.</summary>
internal sealed class MessageSchemas
{
    public JsonObject Components { get; } = [];

    public JsonObject Of(MessageDescriptor type)
    {
        if (WellKnown(type) is { } wellKnown)
        {
            return wellKnown;
        }

        if (!Components.ContainsKey(type.FullName))
        {
            // There before it is filled, for those that refer to themselves.
            JsonObject schema = new() { ["type"] = "object" };
            Components.Add(type.FullName, schema);
            Fill(schema, type);
        }

        return Reference(type.FullName);
    }

    /// <summary>With what the protos say of the field.</summary>
    public JsonObject Of(FieldDescriptor field)
    {
        JsonObject schema = field.IsMap ? new JsonObject { ["type"] = "object", ["additionalProperties"] = One(field.MessageType.FindFieldByName("value")) }
            : field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = One(field) }
            : One(field);
        if (ProtoComments.Of(field.FullName) is not { } comment)
        {
            return schema;
        }

        // Beside a reference nothing else counts.
        JsonObject described = schema.ContainsKey("$ref") ? new JsonObject { ["allOf"] = new JsonArray(schema) } : schema;
        described["description"] = comment;
        return described;
    }

    private void Fill(JsonObject schema, MessageDescriptor type)
    {
        if (ProtoComments.Of(type.FullName) is { } comment)
        {
            schema["description"] = comment;
        }

        JsonObject properties = [];
        schema["properties"] = properties;
        foreach (FieldDescriptor field in type.Fields.InDeclarationOrder())
        {
            properties.Add(field.JsonName, Of(field));
        }

        JsonArray choices = [.. type.Oneofs.Take(type.RealOneofCount).Select(AtMostOne)];
        if (choices.Count > 0)
        {
            schema["allOf"] = choices;
        }
    }

    // One of the fields and not another, or none of them.
    private static JsonObject AtMostOne(OneofDescriptor choice)
    {
        JsonArray alternatives = [.. choice.Fields.Select(Has)];
        alternatives.Add(new JsonObject { ["not"] = new JsonObject { ["anyOf"] = new JsonArray([.. choice.Fields.Select(Has)]) } });
        return new JsonObject { ["oneOf"] = alternatives };
    }

    private static JsonObject Has(FieldDescriptor field) => new() { ["required"] = new JsonArray(field.JsonName) };

    private JsonObject One(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => Of(field.MessageType),
        FieldType.Enum => Of(field.EnumType),
        FieldType.String => Scalar("string"),
        FieldType.Bytes => Scalar("string", "byte"),
        FieldType.Bool => Scalar("boolean"),
        FieldType.Float => Scalar("number", "float"),
        FieldType.Double => Scalar("number", "double"),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Scalar("string", "int64"),
        FieldType.UInt64 or FieldType.Fixed64 => Scalar("string", "uint64"),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Scalar("integer", "int32"),
        FieldType.UInt32 or FieldType.Fixed32 => Unsigned(),
        _ => throw new NotSupportedException($"{field.FullName} is of a type that JSON does not have: {field.FieldType}."),
    };

    private JsonObject Of(EnumDescriptor type)
    {
        if (!Components.ContainsKey(type.FullName))
        {
            IEnumerable<string> comments = type.Values
                .Select(value => (value.Name, Comment: ProtoComments.Of($"{type.FullName}.{value.Name}")))
                .Where(static value => value.Comment is not null)
                .Select(static value => $"- `{value.Name}`: {value.Comment}")
                .Prepend(ProtoComments.Of(type.FullName) ?? "");
            Components.Add(type.FullName, new JsonObject
            {
                ["type"] = "string",
                ["enum"] = new JsonArray([.. type.Values.Select(static value => (JsonNode)value.Name)]),
                ["description"] = string.Join('\n', comments).Trim(),
            });
        }

        return Reference(type.FullName);
    }

    private static JsonObject? WellKnown(MessageDescriptor type) => type.FullName switch
    {
        "google.protobuf.Timestamp" => Scalar("string", "date-time"),
        "google.protobuf.Duration" or "google.protobuf.FieldMask" => Scalar("string"),
        "google.protobuf.Struct" => new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject() },
        "google.protobuf.ListValue" => new JsonObject { ["type"] = "array", ["items"] = new JsonObject() },
        "google.protobuf.Value" => [],
        "google.protobuf.Any" => new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { ["@type"] = Scalar("string") },
            ["required"] = new JsonArray("@type"),
            ["additionalProperties"] = true,
        },
        _ when type.File == WrappersReflection.Descriptor => Wrapped(type),
        _ => null,
    };

    private static JsonObject Wrapped(MessageDescriptor type)
    {
        JsonObject schema = new MessageSchemas().One(type.FindFieldByName("value"));
        schema["nullable"] = true;
        return schema;
    }

    private static JsonObject Unsigned()
    {
        JsonObject schema = Scalar("integer", "uint32");
        schema["minimum"] = 0;
        return schema;
    }

    private static JsonObject Scalar(string type, string? format = null)
    {
        JsonObject schema = new() { ["type"] = type };
        if (format is not null)
        {
            schema["format"] = format;
        }

        return schema;
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };
}
