using System.Text.Json;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Filters;

namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>
/// The pairs of a data set's <c>filtered.jsonl</c>, by group and band of selectivity, with the truth that is written there.
/// </summary>
internal static class PairQuestions
{
    public const string FileName = "filtered.jsonl";

    public static IReadOnlyList<QuestionCell> Read(string folder, VectorFile queries, int k)
    {
        var pairs = File.ReadLines(Path.Combine(folder, FileName)).Select(line => Parse(line, queries, k));
        return
        [
            .. pairs.GroupBy(pair => pair.Group, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
                .SelectMany(group => group.GroupBy(pair => FilteredSummary.BandOf(pair.Selectivity))
                    .OrderByDescending(band => band.Max(pair => pair.Selectivity))
                    .Select(band => new QuestionCell(group.Key, band.Key, [.. band.Select(pair => pair.Question)]))),
        ];
    }

    private static (string Group, double Selectivity, FilteredQuestion Question) Parse(string line, VectorFile queries, int k)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement pair = document.RootElement;
        double[] similarities = [.. pair.GetProperty("sims").EnumerateArray().Select(item => item.GetDouble())];
        int matching = pair.GetProperty("matches").GetInt32(), wanted = Math.Min(k, matching);
        if (wanted > similarities.Length)
            throw new InvalidDataException($"The pairs have a truth that is {similarities.Length} deep: k cannot be {k}.");
        FilteredTruth truth = new(
            matching,
            wanted,
            wanted == 0 ? double.NaN : similarities[wanted - 1],
            pair.GetProperty("lift") is { ValueKind: JsonValueKind.Number } lift ? lift.GetDouble() : null);
        return (
            pair.GetProperty("group").GetString() ?? "",
            pair.GetProperty("selectivity").GetDouble(),
            new FilteredQuestion(
                queries.ToSingles(pair.GetProperty("q").GetInt32()), JsonPredicate.Read(pair.GetProperty("pred")), truth));
    }
}
