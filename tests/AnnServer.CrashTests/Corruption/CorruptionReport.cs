namespace AnnServer.CrashTests.Corruption;

/// <summary>The part of the report that is about damaged files.</summary>
internal sealed class CorruptionReport
{
    private const string Two = "two files at once";

    private readonly Tally _kinds = new("what is damaged");
    private readonly Tally _ways = new("how");
    private readonly Tally _folders = new("folder");
    private int _wentOn;
    private int _mostLost;

    public void Add(Specimen specimen, IReadOnlyList<DamagedFile> damage, Verdict verdict)
    {
        bool isOne = damage.Count == 1;
        _kinds.Count(isOne ? damage[0].Kind : Two, verdict.Outcome);
        _ways.Count(isOne ? damage[0].What : Two, verdict.Outcome);
        _folders.Count(specimen.Name, verdict.Outcome);
        _wentOn += verdict.WentOn ? 1 : 0;
        _mostLost = Math.Max(_mostLost, verdict.LostCommits);
    }

    public int Sum(Outcome outcome) => _kinds.Sum(outcome);

    public override string ToString() =>
        $"""
        {_kinds}
        {_ways}
        {_folders}
        {_wentOn} of the folders that were served were then written to, checkpointed, closed and opened again, and held what they must.
        Taken for torn were at most {_mostLost} commits at once.

        """;
}
