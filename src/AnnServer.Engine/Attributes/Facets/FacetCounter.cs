using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes.Facets;

/// <summary>
/// Counts the values of one attribute among a set of points: by looking each value up in the index, or by reading each point. One of
/// the two is used, from beginning to end, by one thread.
/// </summary>
internal abstract class FacetCounter(AttributeIndex index)
{
    /// <summary>Costs are about nanoseconds. Of reading the attribute out of a point.</summary>
    protected const long PointCost = 100;

    /// <summary>Of making an entry for a value that a point has been the first to have.</summary>
    protected const long NewValueCost = 500;

    /// <summary>Of looking one value up, beside the members of its posting set.</summary>
    protected const long ValueCost = 200;

    /// <summary>Cost after which the lock of the table is let go for whoever waits for it.</summary>
    protected const long SliceCost = 500_000;

    /// <summary>Points that have the attribute.</summary>
    public long Points { get; protected set; }

    /// <summary>What <see cref="CountSome"/> takes in all. Under the lock of the table.</summary>
    /// <param name="length">Of the bitmap.</param>
    public abstract long CostOfIndex(int length);

    /// <summary>What <see cref="CountPoint"/> takes for so many points. Under the lock of the table.</summary>
    public abstract long CostOfPoints(long points);

    /// <summary>Counts the next values among the points of the bitmap; false when there are no more. Under the lock of the table.</summary>
    public abstract bool CountSome(OrdinalBitmap points);

    /// <summary>Counts the values of one point. Ordinals ascend.</summary>
    public void CountPoint(uint ordinal, byte[] blob)
    {
        if (AttributeCodec.TryFind(blob, index.Utf8Name, out AttributeView value) && index.Accepts(value))
        {
            Points++;
            CountValue(ordinal, value);
        }
    }

    /// <summary>The counts, once.</summary>
    public abstract Facet ToFacet();

    protected abstract void CountValue(uint ordinal, AttributeView value);

    protected string Attribute => index.Schema.Name;
}
