using System.Text.RegularExpressions;

namespace AnnServer.FunctionalTests.Deploy;

/// <summary>The metrics and the labels that a query in PromQL names.</summary>
internal sealed partial record PromQuery(IReadOnlyList<string> Metrics, IReadOnlyList<string> Labels)
{
    private static readonly string[] Words = ["and", "or", "unless", "bool", "offset", "inf", "nan", "Inf", "NaN"];

    public static PromQuery Parse(string text)
    {
        text = Strings().Replace(text, "\"\"");
        List<string> labels = [.. Matchers().Matches(text).SelectMany(braces => Names().Matches(braces.Value)).Select(name => name.Value)];
        text = Matchers().Replace(text, " ");
        text = Durations().Replace(text, " ");
        labels.AddRange(Groupings().Matches(text).SelectMany(group => Names().Matches(group.Groups["labels"].Value)).Select(name => name.Value));
        text = Groupings().Replace(text, " ");
        return new PromQuery([.. NotFunctions().Matches(text).Select(name => name.Value).Except(Words)], [.. labels.Distinct()]);
    }

    [GeneratedRegex("""
        "(\\.|[^"\\])*"
        """)]
    private static partial Regex Strings();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Matchers();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Durations();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\((?<labels>[^)]*)\)")]
    private static partial Regex Groupings();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Names();

    // Neither followed by what a function takes nor part of a number.
    [GeneratedRegex(@"(?<![\w.:])(?>[A-Za-z_:][\w:]*)(?!\s*\()")]
    private static partial Regex NotFunctions();
}
