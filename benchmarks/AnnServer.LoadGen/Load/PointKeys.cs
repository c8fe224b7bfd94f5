using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Load;

/// <summary>Takes the keys of points from one of their attributes.</summary>
internal static class PointKeys
{
    /// <summary>The attribute of the first <paramref name="count"/> rows: a string that no other of them has.</summary>
    public static IReadOnlyList<string> FromAttribute(
        IReadOnlyList<IReadOnlyDictionary<string, Value>> rows, string attribute, int count)
    {
        string[] keys = new string[Math.Min(count, rows.Count)];
        Dictionary<string, int> lines = new(StringComparer.Ordinal);
        for (int row = 0; row < keys.Length; row++)
        {
            int line = row + 1;
            if (rows[row].GetValueOrDefault(attribute) is not { KindCase: Value.KindOneofCase.StringValue, StringValue.Length: > 0 } value)
                throw new InvalidDataException($"Line {line} of the attributes has no string '{attribute}' to be the id.");
            if (!lines.TryAdd(value.StringValue, line))
            {
                throw new InvalidDataException(
                    $"Line {line} of the attributes has the '{attribute}' of line {lines[value.StringValue]}: \"{value.StringValue}\".");
            }
            keys[row] = value.StringValue;
        }
        return keys;
    }
}
