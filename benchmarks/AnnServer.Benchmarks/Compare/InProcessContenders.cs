namespace AnnServer.Benchmarks.Compare;

/// <summary>The indexes that this program can be a contender with.</summary>
internal static class InProcessContenders
{
    public const string Known = "annserver, annserver-f32, annserver-f16, exact";

    public static IContender Create(string kind, ContenderOptions options) => kind switch
    {
        "annserver" => new GraphContender(options, useCodes: true),
        "annserver-f32" => new GraphContender(options, useCodes: false),
        "annserver-f16" => new GraphContender(options, useCodes: true, useHalves: true),
        "exact" => new ExactContender(options.Score),
        _ => throw new FormatException($"'{kind}' is not a contender: {Known}."),
    };
}
