using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>Compares points that the server returned with the model.</summary>
internal sealed class PointChecks(MixedRun run)
{
    public void CheckPoint(string operation, ModelPoint expected, Point actual, bool withVector)
    {
        CheckAttributes(operation, expected, actual.Attributes);
        if (withVector)
        {
            run.Wrong.Expect(
                run.Oracle.IsSameVector(expected.Vector, PackedVectors.ToSingles(actual.Vector ?? new Vector())),
                $"{operation} returned another vector for {expected.Id}");
        }
    }

    public void CheckAttributes(string operation, ModelPoint expected, IDictionary<string, Value> actual)
    {
        bool same = expected.Attributes.Count == actual.Count
            && expected.Attributes.All(entry => actual.TryGetValue(entry.Key, out Value? value) && value.Equals(entry.Value));
        run.Wrong.Expect(same, $"{operation} returned other attributes for {expected.Id}: {Text(actual)}, not {Text(expected.Attributes)}");
    }

    private static string Text(IEnumerable<KeyValuePair<string, Value>> attributes) =>
        string.Join(' ', attributes.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}"));
}
