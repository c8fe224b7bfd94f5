using AnnServer.LoadGen.Soak;
using AnnServer.LoadGen.Verdicts;

namespace AnnServer.LoadGen.Reports;

internal sealed record SoakReport(SoakSettings Settings, SoakOutcome Outcome, IReadOnlyList<Verdict> Verdicts)
{
    public bool Passed => Verdicts.All(verdict => verdict.Passed);
}
