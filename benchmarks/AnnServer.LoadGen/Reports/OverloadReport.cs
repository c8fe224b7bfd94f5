using AnnServer.LoadGen.Overload;
using AnnServer.LoadGen.Verdicts;

namespace AnnServer.LoadGen.Reports;

internal sealed record OverloadReport(OverloadSettings Settings, OverloadOutcome Outcome, IReadOnlyList<Verdict> Verdicts)
{
    public bool Passed => Verdicts.All(verdict => verdict.Passed);

    /// <summary>Of the overload: calls a second that were wanted, that left, and that could not leave.</summary>
    public string OfferedLine
    {
        get
        {
            IReadOnlyList<OverloadSample> during = Outcome.During;
            double offered = during.Average(sample => sample.Offered);
            return $"wanted {during[0].Wanted:F0} calls/s, offered {offered:F0}/s ({offered / Outcome.Peak:F1} times the peak), "
                + $"held back by the limits of connections {during.Average(sample => sample.HeldBack):F0}/s; "
                + $"accepted {during.Average(sample => sample.Accepted):F0}/s, refused {during.Average(sample => sample.Refused):F0}/s, "
                + $"past their deadline {during.Average(sample => sample.DeadlineExceeded):F0}/s";
        }
    }
}
