using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>A filter and, once it has been evaluated, the points that satisfy it. Shared by the queries of one batch.</summary>
internal sealed class FilterState
{
    /// <summary>No filter. Has no state, so that all searches share it.</summary>
    public static readonly FilterState None = new(null);

    // Of a batch: as many make it pay to arrange what the filter leaves for them alone.
    private const int LeastArrangedFor = 16;

    // To arrange so many matches takes about what one search saves by it.
    private const int ArrangedPerSearch = 2000;

    private readonly CompiledFilter? _filter;
    private OrdinalBitmap? _accepted;
    private bool _isRented;
    private double _microseconds;
    private long _revision;
    private FilterEvaluation? _known;
    private PartitionedMatches? _arranged;
    private int _sharing;

    private FilterState(CompiledFilter? filter) => _filter = filter;

    /// <summary>Null where there is no filter.</summary>
    public Predicate? Predicate => _filter?.Predicate;

    /// <summary>Points that satisfy it, exactly, when it was evaluated.</summary>
    public int Matching { get; private set; }

    public static FilterState Of(CompiledFilter? filter) => filter is null ? None : new FilterState(filter);

    /// <summary>One that has been evaluated, when points were as the revision says.</summary>
    public static FilterState Of(CompiledFilter filter, OrdinalBitmap accepted, long revision) =>
        new(filter) { _accepted = accepted, _isRented = true, _revision = revision, Matching = accepted.Count() };

    /// <summary>Whether it has yet to be evaluated, and that takes reading points, since no index answers a part of it.</summary>
    public bool ReadsPoints(CollectionData data) =>
        _filter is not null && _accepted is null && !IsKnown(data, data.Revision, data.Index.LiveCount, out _)
        && IsTested(_filter.Predicate, data.Config.Attributes);

    /// <summary>
    /// The revision to compare with once the results are there: of the time when the filter was evaluated, or, where there is
    /// none, of now.
    /// </summary>
    public long Revision(CollectionData data) => _accepted is null ? data.Revision : _revision;

    /// <summary>The live points that satisfy the filter; null where there is none. Under a rented scratch.</summary>
    public OrdinalBitmap? Evaluate(PointReader reader, CollectionData data, CancellationToken cancellation)
    {
        if (_filter is null || _accepted is not null)
        {
            return _accepted;
        }

        long started = Stopwatch.GetTimestamp();
        // Both before the filter is evaluated: what changes meanwhile makes them differ from what they are afterwards.
        _revision = data.Revision;
        int live = data.Index.LiveCount;
        if (IsKnown(data, _revision, live, out _known))
        {
            _known.Used();
            _accepted = _known.Matches!.Bits(data.Attributes.Bitmaps, out _isRented);
            Matching = _known.Count;
        }
        else
        {
            _accepted = reader.Matching(_filter.Predicate, cancellation);
            _isRented = true;
            Matching = _accepted.Count();
            if (data.IsUnchangedSince(_revision))
            {
                reader.Filters.Evaluated(data.Number, _filter, _revision, live, _accepted, Matching);
            }
        }

        _microseconds = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        return _accepted;
    }

    /// <summary>What searches by parts can go by, once the filter has been evaluated: what comes again and again is arranged by them.</summary>
    public PartitionUse Partitions(PointReader reader, CollectionData data) =>
        _accepted is null || !data.Index.HasPartitions ? PartitionUse.None
        : _arranged is not null || (PaysToArrange && reader.Filters.HasRoomFor(Matching)) ? PartitionUse.Arranged
        : PartitionUse.Members;

    /// <summary>What satisfies it, by parts; null where that does not pay, or somebody else is about to arrange it and the few that would wait are not.</summary>
    public PartitionedMatches? Arrange(PointReader reader, CollectionData data)
    {
        _arranged ??= _known?.Arranged;
        if (_arranged is not null || Partitions(reader, data) != PartitionUse.Arranged)
        {
            return _arranged;
        }

        bool isClaimed = _known?.TryClaim() == true;
        if (_known is not null && !isClaimed && _sharing < LeastArrangedFor)
        {
            return null;
        }

        _arranged = data.Index.Arrange(_accepted!);
        if (isClaimed && _known is { } known && _arranged is { } arranged)
        {
            reader.Filters.Keep(data.Number, _filter!, known, arranged);
        }

        return _arranged;
    }

    /// <summary>So many searches of a batch have this filter.</summary>
    public void SharedBy(int searches)
    {
        if (_filter is not null)
        {
            _sharing = searches;
        }
    }

    private bool PaysToArrange =>
        _sharing >= LeastArrangedFor || (_known is { } known && (known.Uses + _sharing) * ArrangedPerSearch >= Matching);

    /// <summary>
    /// What the evaluation has taken, to the first search that asks: it may have been made to estimate that search, and others of a batch
    /// use it for nothing.
    /// </summary>
    public double TakeMicroseconds()
    {
        if (Predicate is null)
        {
            return 0;
        }

        double microseconds = _microseconds;
        _microseconds = 0;
        return microseconds;
    }

    /// <summary>What it has taken and nobody has asked for yet.</summary>
    public double Microseconds => _microseconds;

    /// <summary>Forgets the evaluation, since points have changed or all searches are made.</summary>
    public void Forget(PointReader reader)
    {
        if (_accepted is not null && _isRented)
        {
            reader.Return(_accepted);
        }

        _accepted = null;
        _known = null;
        _arranged = null;
        _sharing = 0;
    }

    // While a point is being replaced nothing is known: its old and its new slot may both be live.
    private bool IsKnown(CollectionData data, long revision, int live, [NotNullWhen(true)] out FilterEvaluation? known)
    {
        known = _filter!.Last is { Matches: not null } last && last.IsOf(revision, live) && data.IsUnchangedSince(revision) ? last : null;
        return known is not null;
    }

    /// <summary>Whether evaluating it takes reading points, since no index answers a part of it.</summary>
    internal static bool IsTested(Predicate predicate, IReadOnlyList<AttributeSchema> indexed) => predicate switch
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
