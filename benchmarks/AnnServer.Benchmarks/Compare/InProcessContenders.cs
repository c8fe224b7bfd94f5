using AnnServer.Core.Graph;

namespace AnnServer.Benchmarks.Compare;

/// <summary>The indexes that this program can be a contender with.</summary>
internal static class InProcessContenders
{
    public const string Known = "annserver, annserver-f32, annserver-f16, annserver-i8, annserver-i4, exact";

    public static IContender Create(string kind, ContenderOptions options) => kind switch
    {
        "annserver" => new GraphContender(options, kind),
        "annserver-i8" => new GraphContender(options, kind, CodeKind.Int8),
        "annserver-i4" => new GraphContender(options, kind, CodeKind.Int4),
        "annserver-f32" => new GraphContender(options, kind, CodeKind.None),
        "annserver-f16" => new GraphContender(options, kind, useHalves: true),
        "exact" => new ExactContender(options.Score),
        _ => throw new FormatException($"'{kind}' is not a contender: {Known}."),
    };
}
