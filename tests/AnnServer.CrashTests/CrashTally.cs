namespace AnnServer.CrashTests;

/// <summary>Counts what a part of the laboratory went through, for one row of its report.</summary>
/// <param name="how">How the server ends.</param>
internal sealed class CrashTally(string how)
{
    private readonly List<TimeSpan> _starts = [];
    private int _ends;
    private long _acknowledged;
    private long _compared;

    public void Started(TimeSpan timeToReady) => _starts.Add(timeToReady);

    public void Add(WriteLoad load, int ends)
    {
        _ends += ends;
        _acknowledged += load.Acknowledgements;
        _compared += load.Compared;
    }

    /// <summary>Nothing was lost and nothing is there that was never sent: that is asserted after each start, so both are 0 here.</summary>
    /// <param name="control">What a control has lost beside it, in words.</param>
    public string ToRow(string control)
    {
        TimeSpan[] starts = [.. _starts.Order()];
        return $"| {how} | {_ends} | {_acknowledged} | 0 | 0 | {_compared} | {Seconds(starts[starts.Length / 2])} | {Seconds(starts[^1])} | {control} |\n";
    }

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds:F2} s";
}
