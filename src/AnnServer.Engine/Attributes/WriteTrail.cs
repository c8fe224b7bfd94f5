namespace AnnServer.Engine.Attributes;

/// <summary>
/// The ordinals written last, so that a reader can go over again what changed under it. One writer; readers take no lock.
/// </summary>
internal sealed class WriteTrail
{
    private const int Length = 1024;

    private readonly uint[] _ordinals = new uint[Length];

    // Writes so far. An entry is stored before the version that covers it, and both before the point itself: a reader that
    // has seen a new point sees its entry.
    private long _version;

    public long Version => Volatile.Read(ref _version);

    public void Add(uint ordinal)
    {
        long next = _version + 1;
        Volatile.Write(ref _ordinals[next & (Length - 1)], ordinal);
        Volatile.Write(ref _version, next);
    }

    /// <summary>Adds what was written after the version to the list; false when that is no longer known.</summary>
    public bool TryRead(long since, List<uint> ordinals)
    {
        long until = Version;
        if (until - since >= Length)
        {
            return false;
        }

        for (long version = since + 1; version <= until; version++)
        {
            ordinals.Add(Volatile.Read(ref _ordinals[version & (Length - 1)]));
        }

        // At a distance of Length the writer may be replacing the first entry that was read.
        return Version - since < Length;
    }
}
