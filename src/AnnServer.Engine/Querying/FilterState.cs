using AnnServer.Core.Filtering;
using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Querying;

/// <summary>A compiled filter and, once it has been evaluated, the points that satisfy it. Shared by the queries of one batch.</summary>
internal sealed class FilterState(Predicate? predicate)
{
    private OrdinalBitmap? _accepted;

    /// <summary>Null where there is no filter.</summary>
    public Predicate? Predicate => predicate;

    /// <summary>Points that satisfy it, exactly, when it was evaluated.</summary>
    public int Matching { get; private set; }

    /// <summary>The live points that satisfy the filter; null where there is none. Under a rented scratch.</summary>
    public OrdinalBitmap? Evaluate(PointReader reader, CancellationToken cancellation)
    {
        if (predicate is not null && _accepted is null)
        {
            _accepted = reader.Matching(predicate, cancellation);
            Matching = _accepted.Count();
        }

        return _accepted;
    }

    /// <summary>Forgets the evaluation, since points have changed.</summary>
    public void Invalidate() => _accepted = null;
}
