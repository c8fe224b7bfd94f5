using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes;

/// <summary>What the attributes of a point may be. Every fault goes to the <see cref="Faults"/>, under the caller's path.</summary>
internal static class AttributeRules
{
    /// <summary>Checks the attributes of one point and encodes them; null when there was a fault.</summary>
    public static byte[]? CheckAndEncode(
        IReadOnlyDictionary<string, AttributeValue> attributes,
        IReadOnlyList<AttributeSchema> schemas,
        EngineLimits limits,
        Faults faults,
        string field = "attributes")
    {
        IReadOnlyDictionary<string, AttributeValue>? accepted = Check(attributes, schemas, limits, faults, field);
        if (accepted is null)
        {
            return null;
        }

        byte[] blob = AttributeCodec.Encode(accepted);
        if (blob.Length > limits.MaxAttributeBytesPerPoint)
        {
            faults.Add(field, $"they take {blob.Length} bytes; the limit is {limits.MaxAttributeBytesPerPoint}");
            return null;
        }

        return blob;
    }

    /// <summary>The attributes with their values as declared, or null when there was a fault.</summary>
    public static IReadOnlyDictionary<string, AttributeValue>? Check(
        IReadOnlyDictionary<string, AttributeValue> attributes,
        IReadOnlyList<AttributeSchema> schemas,
        EngineLimits limits,
        Faults faults,
        string field = "attributes")
    {
        if (attributes.Count > limits.MaxAttributesPerPoint)
        {
            faults.Add(field, $"there are {attributes.Count} of them; the limit is {limits.MaxAttributesPerPoint}");
            return null;
        }

        Dictionary<string, AttributeValue>? converted = null;
        bool isSound = true;
        foreach ((string name, AttributeValue value) in attributes)
        {
            AttributeValue declared = value;
            string? fault = NameFault(name) ?? ValueFault(value, limits) ?? Declare(Find(schemas, name), limits, ref declared);
            if (fault is not null)
            {
                faults.Add($"{field}[\"{Shorten(name)}\"]", fault);
                isSound = false;
            }
            else if (declared != value)
            {
                converted ??= new Dictionary<string, AttributeValue>(attributes, StringComparer.Ordinal);
                converted[name] = declared;
            }
        }

        return isSound ? converted ?? attributes : null;
    }

    private static string? NameFault(string name) => AttributeNames.IsValid(name) ? null : AttributeNames.Rule;

    private static string? ValueFault(AttributeValue value, EngineLimits limits)
    {
        switch (value.Kind)
        {
            case AttributeKind.None:
                return "it has no value";
            case AttributeKind.Double when !double.IsFinite(value.AsDouble()):
                return "a double must be finite";
            case AttributeKind.String:
                return StringFault(value.AsString());
            case AttributeKind.StringList when value.AsStringList().AsSpan().Length > limits.MaxAttributeBytesPerPoint:
                return ListFault(limits);
            case AttributeKind.StringList:
                foreach (string? element in value.AsStringList().AsSpan())
                {
                    if (element is null)
                    {
                        return "an element has no value";
                    }

                    if (StringFault(element) is string fault)
                    {
                        return fault;
                    }
                }

                return null;
            case AttributeKind.Int64List when value.AsInt64List().AsSpan().Length > limits.MaxAttributeBytesPerPoint:
                return ListFault(limits);
            case AttributeKind.GeoPoint:
                return value.AsGeoPoint().Fault;
            default:
                return null;
        }
    }

    /// <summary>An element takes a byte at least, so such a list need not be encoded to be refused.</summary>
    private static string ListFault(EngineLimits limits) =>
        $"the list has more elements than the {limits.MaxAttributeBytesPerPoint} bytes a point may have";

    /// <summary>A string that is not well-formed would come back as another one.</summary>
    private static string? StringFault(string value) => Utf8Order.IsWellFormed(value) ? null : "a string has a lone surrogate";

    /// <summary>Turns an int64 into the double it is declared to be; any other mismatch is a fault.</summary>
    private static string? Declare(AttributeSchema? schema, EngineLimits limits, ref AttributeValue value)
    {
        if (schema is null || value.Kind == KindOf(schema.Type))
        {
            return schema?.Type == AttributeType.Text ? TextFault(value.AsString(), limits) : null;
        }

        if (schema.Type == AttributeType.Double && value.Kind == AttributeKind.Int64)
        {
            value = AttributeValue.Of((double)value.AsInt64());
            return null;
        }

        return $"it is declared {TypeNames.Of(schema.Type)}, but the value is {TypeNames.Of(value.Kind)}";
    }

    private static string? TextFault(string value, EngineLimits limits) =>
        TokenReader.CanExceed(value.Length, limits.MaxTextTokens)
        && TokenReader.Count(Utf8Order.Strict.GetBytes(value)) > limits.MaxTextTokens
            ? $"it has more than {limits.MaxTextTokens} tokens"
            : null;

    private static AttributeKind KindOf(AttributeType type) => type switch
    {
        AttributeType.Keyword or AttributeType.Text => AttributeKind.String,
        AttributeType.Int64 => AttributeKind.Int64,
        AttributeType.Double => AttributeKind.Double,
        AttributeType.Bool => AttributeKind.Bool,
        AttributeType.Timestamp => AttributeKind.Timestamp,
        AttributeType.KeywordList => AttributeKind.StringList,
        AttributeType.Int64List => AttributeKind.Int64List,
        AttributeType.GeoPoint => AttributeKind.GeoPoint,
        _ => AttributeKind.None,
    };

    private static AttributeSchema? Find(IReadOnlyList<AttributeSchema> schemas, string name)
    {
        for (int i = 0; i < schemas.Count; i++)
        {
            if (string.Equals(schemas[i].Name, name, StringComparison.Ordinal))
            {
                return schemas[i];
            }
        }

        return null;
    }

    private static string Shorten(string name) => name.Length <= AttributeNames.MaxLength ? name : $"{name.AsSpan(0, AttributeNames.MaxLength)}…";
}
