using AnnServer.Core.Filtering;
using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Querying;

/// <summary>A compiled filter and, once it has been evaluated, the points that satisfy it. Shared by the queries of one batch.</summary>
internal sealed class FilterState(Predicate? predicate)
{
    private OrdinalBitmap? _accepted;
    private long _revision;

    /// <summary>Null where there is no filter.</summary>
    public Predicate? Predicate => predicate;

    /// <summary>Points that satisfy it, exactly, when it was evaluated.</summary>
    public int Matching { get; private set; }

    /// <summary>
    /// The revision to compare with once the results are there: of the time when the filter was evaluated, or, where there is
    /// none, of now.
    /// </summary>
    public long Revision(CollectionData data) => _accepted is null ? data.Revision : _revision;

    /// <summary>The live points that satisfy the filter; null where there is none. Under a rented scratch.</summary>
    public OrdinalBitmap? Evaluate(PointReader reader, CollectionData data, CancellationToken cancellation)
    {
        if (predicate is not null && _accepted is null)
        {
            _revision = data.Revision;
            _accepted = reader.Matching(predicate, cancellation);
            Matching = _accepted.Count();
        }

        return _accepted;
    }

    /// <summary>Forgets the evaluation, since points have changed or all searches are made.</summary>
    public void Forget(PointReader reader)
    {
        if (_accepted is not null)
        {
            reader.Return(_accepted);
            _accepted = null;
        }
    }
}
