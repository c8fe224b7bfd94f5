namespace AnnServer.Core.Graph;

/// <summary>The nodes committed last, so that inserts that were planned side by side can still become neighbours.</summary>
internal sealed class RecentCommits
{
    /// <summary>A plan that has missed more commits than this is made anew.</summary>
    public const int Capacity = 256;

    private readonly uint[] _nodes = new uint[Capacity];
    private long _count;

    /// <summary>Commits so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>The node of a commit among the last <see cref="Capacity"/>. Under the commit lock.</summary>
    public uint this[long commit] => _nodes[commit % Capacity];

    /// <summary>Under the commit lock.</summary>
    public void Add(uint node)
    {
        _nodes[_count % Capacity] = node;
        Volatile.Write(ref _count, _count + 1);
    }
}
