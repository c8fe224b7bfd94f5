using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes.Walks;

/// <summary>
/// Goes through the values of an index in order, from one of them on, and gives those of their ordinals that are in a scope. A value that is
/// written meanwhile is met where it then stands, if that is ahead.
/// </summary>
internal abstract class ValueWalk
{
    /// <summary>Entries after which the lock of the table is let go for whoever waits for it.</summary>
    protected const int SliceEntries = 50_000;

    /// <summary>Entries passed so far, or as many as would have taken as long: some five nanoseconds each.</summary>
    public long Entries { get; protected set; }

    /// <summary>Whether the ordinals given last are those of the value that the walk began with.</summary>
    public bool IsAtStart { get; protected set; }

    /// <summary>
    /// Adds ordinals of the next value that has any in the scope to the group, which is empty unless the step before gave a part. Under
    /// the lock of the table.
    /// </summary>
    public abstract WalkStep Step(ValueGroup group);

    /// <summary>Adds all ordinals that have a value, as far as the bitmap reaches. Under the lock of the table.</summary>
    public abstract void AddPresent(OrdinalBitmap bitmap);
}
