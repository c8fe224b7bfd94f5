namespace AnnServer.LoadGen.Mixed;

/// <summary>Answers that contradict what is known. All are counted, the first few are kept in words.</summary>
internal sealed class WrongAnswers
{
    private const int Kept = 20;
    private readonly Lock _gate = new();
    private readonly List<string> _first = [];
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public IReadOnlyList<string> First
    {
        get
        {
            lock (_gate)
                return [.. _first];
        }
    }

    public void Add(string what)
    {
        Interlocked.Increment(ref _count);
        lock (_gate)
        {
            if (_first.Count < Kept)
                _first.Add(what);
        }
    }

    public void Expect(bool holds, string what)
    {
        if (!holds)
            Add(what);
    }
}
