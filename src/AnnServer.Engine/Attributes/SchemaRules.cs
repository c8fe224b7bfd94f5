using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes;

/// <summary>What may be declared.</summary>
internal static class SchemaRules
{
    /// <summary>Checks a collection's declarations; the faults are at <c>field[i]</c>, under the caller's path.</summary>
    /// <param name="known">Declarations at the start that stand already: faults count from there.</param>
    public static bool Check(IReadOnlyList<AttributeSchema> schemas, EngineLimits limits, Faults faults, string field = "attributes", int known = 0)
    {
        bool isSound = true;
        if (schemas.Count > limits.MaxIndexedAttributes)
        {
            faults.Add(field, $"there are {schemas.Count} of them; the limit is {limits.MaxIndexedAttributes}");
            isSound = false;
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < schemas.Count; i++)
        {
            AttributeSchema schema = schemas[i];
            if (!AttributeNames.IsValid(schema.Name))
            {
                faults.Add($"{field}[{i - known}].name", AttributeNames.Rule);
                isSound = false;
            }
            else if (!names.Add(schema.Name))
            {
                faults.Add(
                    $"{field}[{i - known}].name", $"{schema.Name} is {(i >= known && IsAmong(schemas, known, schema.Name) ? "indexed already" : "declared twice")}");
                isSound = false;
            }

            if (!Enum.IsDefined(schema.Type))
            {
                faults.Add($"{field}[{i - known}].type", "it must be one of the attribute types");
                isSound = false;
            }
        }

        return isSound;
    }

    private static bool IsAmong(IReadOnlyList<AttributeSchema> schemas, int count, string name)
    {
        for (int i = 0; i < count; i++)
        {
            if (schemas[i].Name == name)
            {
                return true;
            }
        }

        return false;
    }
}
