using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare;

/// <summary>What every contender is started with; the same names as its command-line options.</summary>
/// <param name="Index">Where a built index is kept; empty to build anew. A contender may ignore it.</param>
internal sealed record ContenderOptions(
    string Base, string Query, string Truth, string TruthScores, string MetricName, int M, int EfConstruction, int K, string Index)
{
    public ScoreKind Score => ScoreOf(MetricName);

    public static ScoreKind ScoreOf(string metric) => metric switch
    {
        "l2" => ScoreKind.SquaredDistance,
        "ip" => ScoreKind.InnerProduct,
        "cosine" => ScoreKind.Cosine,
        _ => throw new FormatException($"'{metric}' is not a metric: l2, ip or cosine."),
    };

    public IReadOnlyList<string> ToArguments() =>
    [
        "--base", Base, "--query", Query, "--gt", Truth, "--gt-scores", TruthScores, "--metric", MetricName,
        "--m", $"{M}", "--efc", $"{EfConstruction}", "--k", $"{K}", "--index", Index,
    ];
}
