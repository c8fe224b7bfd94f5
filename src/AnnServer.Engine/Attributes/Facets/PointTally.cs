namespace AnnServer.Engine.Attributes.Facets;

/// <summary>Points that have a value, each counted once however often it has it.</summary>
internal struct PointTally
{
    private uint _last;

    public long Count { get; private set; }

    /// <summary>All values of one point come before those of the next.</summary>
    public void Add(uint ordinal)
    {
        if (Count == 0 || _last != ordinal)
        {
            Count++;
            _last = ordinal;
        }
    }
}
