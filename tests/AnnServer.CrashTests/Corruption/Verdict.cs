namespace AnnServer.CrashTests.Corruption;

/// <param name="Why">What was wrong where the outcome is forbidden; the message of a refusal.</param>
/// <param name="LostCommits">Of those of the tail.</param>
/// <param name="WentOn">Whether the folder was then written to, closed and opened again.</param>
internal sealed record Verdict(Outcome Outcome, string Why = "", int LostCommits = 0, bool WentOn = false);
