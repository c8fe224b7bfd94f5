namespace AnnServer.LoadGen.Verdicts;

/// <summary>One thing that a run had to show.</summary>
/// <param name="Figure">What came out, with its unit.</param>
/// <param name="Bound">What it had to be.</param>
internal sealed record Verdict(string Name, string Figure, string Bound, bool Passed)
{
    public static Verdict AtMost(string name, double figure, double bound, string format, string unit = "") =>
        new(name, figure.ToString(format) + unit, $"at most {bound.ToString(format)}{unit}", figure <= bound);

    public static Verdict AtLeast(string name, double figure, double bound, string format, string unit = "") =>
        new(name, figure.ToString(format) + unit, $"at least {bound.ToString(format)}{unit}", figure >= bound);

    public static Verdict None(string name, long count, string of) => new(name, $"{count} of {of}", "none", count == 0);
}
