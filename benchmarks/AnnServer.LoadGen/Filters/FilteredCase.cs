using System.Text.Json;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>One line of <c>filtered.jsonl</c>: a query, a predicate and the exact answer.</summary>
internal sealed record FilteredCase(
    int Query, string Group, Predicate Predicate, long Matches, double Selectivity, int[] TrueIds, double[] TrueSimilarities)
{
    public static IReadOnlyList<FilteredCase> Read(string path) => [.. File.ReadLines(path).Select(Parse)];

    public static FilteredCase Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        return new FilteredCase(
            root.GetProperty("q").GetInt32(),
            root.GetProperty("group").GetString() ?? "",
            FilterSyntaxTree.ToPredicate(root.GetProperty("pred")),
            root.GetProperty("matches").GetInt64(),
            root.GetProperty("selectivity").GetDouble(),
            [.. root.GetProperty("gt").EnumerateArray().Select(x => x.GetInt32())],
            [.. root.GetProperty("sims").EnumerateArray().Select(x => x.GetDouble())]);
    }
}
