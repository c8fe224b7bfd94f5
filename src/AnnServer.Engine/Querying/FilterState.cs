using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>A compiled filter and, once it has been evaluated, the points that satisfy it. Shared by the queries of one batch.</summary>
internal sealed class FilterState
{
    /// <summary>No filter. Has no state, so that all searches share it.</summary>
    public static readonly FilterState None = new(null);

    private OrdinalBitmap? _accepted;
    private long _revision;

    private FilterState(Predicate? predicate) => Predicate = predicate;

    /// <summary>Null where there is no filter.</summary>
    public Predicate? Predicate { get; }

    /// <summary>Points that satisfy it, exactly, when it was evaluated.</summary>
    public int Matching { get; private set; }

    public static FilterState Of(Predicate? predicate) => predicate is null ? None : new FilterState(predicate);

    /// <summary>One that has been evaluated, when points were as the revision says.</summary>
    public static FilterState Of(Predicate predicate, OrdinalBitmap accepted, long revision) =>
        new(predicate) { _accepted = accepted, _revision = revision, Matching = accepted.Count() };

    /// <summary>Whether it has yet to be evaluated, and that takes reading points, since no index answers a part of it.</summary>
    public bool ReadsPoints(IReadOnlyList<AttributeSchema> indexed) =>
        Predicate is not null && _accepted is null && IsTested(Predicate, indexed);

    /// <summary>
    /// The revision to compare with once the results are there: of the time when the filter was evaluated, or, where there is
    /// none, of now.
    /// </summary>
    public long Revision(CollectionData data) => _accepted is null ? data.Revision : _revision;

    /// <summary>The live points that satisfy the filter; null where there is none. Under a rented scratch.</summary>
    public OrdinalBitmap? Evaluate(PointReader reader, CollectionData data, CancellationToken cancellation)
    {
        if (Predicate is not null && _accepted is null)
        {
            _revision = data.Revision;
            _accepted = reader.Matching(Predicate, cancellation);
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

    private static bool IsTested(Predicate predicate, IReadOnlyList<AttributeSchema> indexed) => predicate switch
    {
        Predicate.And and => and.Operands.Any(operand => IsTested(operand, indexed)),
        Predicate.Or or => or.Operands.Any(operand => IsTested(operand, indexed)),
        Predicate.Not not => IsTested(not.Operand, indexed),
        Predicate.In within => IsTested(within.Attribute, LeafShape.In, indexed),
        Predicate.Range range => IsTested(range.Attribute, LeafShape.Range, indexed),
        Predicate.Exists exists => IsTested(exists.Attribute, LeafShape.Exists, indexed),
        Predicate.Prefix prefix => IsTested(prefix.Attribute, LeafShape.Prefix, indexed),
        Predicate.TextMatch text => IsTested(text.Attribute, LeafShape.Text, indexed),
        Predicate.GeoRadius radius => IsTested(radius.Attribute, LeafShape.Area, indexed),
        Predicate.GeoBox box => IsTested(box.Attribute, LeafShape.Area, indexed),
        _ => false,
    };

    private static bool IsTested(string attribute, LeafShape shape, IReadOnlyList<AttributeSchema> indexed) =>
        !indexed.Any(schema => schema.Name == attribute && AttributeIndex.Answers(schema.Type, shape));
}
