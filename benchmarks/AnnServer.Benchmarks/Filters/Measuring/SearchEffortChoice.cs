using System.Globalization;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>How hard the engine is asked to look, as it is written on the command line.</summary>
internal sealed record SearchEffortChoice(string Name, Action<SearchQuery> Apply)
{
    public const string Known = "default, recall=R, ef=N or exact";

    public static SearchEffortChoice Parse(string text) => text.Split('=') switch
    {
        ["default"] => new SearchEffortChoice(text, _ => { }),
        ["ef", var ef] when int.TryParse(ef, out int candidates) => new SearchEffortChoice(text, query => query.Ef = candidates),
        ["recall", var recall] when double.TryParse(recall, CultureInfo.InvariantCulture, out double target) =>
            new SearchEffortChoice(text, query => query.RecallTarget = target),
        ["exact"] => new SearchEffortChoice(text, query => query.Exact = true),
        _ => throw new FormatException($"'{text}' is not an effort: {Known}."),
    };
}
