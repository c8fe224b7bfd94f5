using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes.Facets;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>The ordinals of a collection by the values of one declared attribute. Not synchronised: the table's lock is.</summary>
internal abstract class AttributeIndex
{
    private protected AttributeIndex(AttributeSchema schema)
    {
        Schema = schema;
        Utf8Name = Utf8Order.Strict.GetBytes(schema.Name);
    }

    public AttributeSchema Schema { get; }

    public byte[] Utf8Name { get; }

    public abstract long MemoryBytes { get; }

    public static AttributeIndex Create(AttributeSchema schema) => schema.Type switch
    {
        AttributeType.Keyword or AttributeType.KeywordList => new KeywordIndex(schema),
        AttributeType.Bool => new BoolIndex(schema),
        AttributeType.Double => new DoubleIndex(schema),
        AttributeType.Int64 or AttributeType.Timestamp or AttributeType.Int64List => new Int64Index(schema),
        AttributeType.GeoPoint => new GeoIndex(schema),
        AttributeType.Text => new TextIndex(schema),
        _ => throw new ArgumentException($"There is no index for attributes of type {schema.Type}.", nameof(schema)),
    };

    /// <summary>Whether an index of the type answers leaves of the shape; others are tested point by point.</summary>
    public static bool Answers(AttributeType type, LeafShape shape) => type switch
    {
        AttributeType.Text => shape is LeafShape.Exists or LeafShape.Text,
        AttributeType.Keyword or AttributeType.KeywordList => shape != LeafShape.Text,
        _ => true,
    };

    /// <summary>Whether the values of an attribute of the type can be counted.</summary>
    public static bool HasFacets(AttributeType type) =>
        type is AttributeType.Keyword or AttributeType.KeywordList or AttributeType.Bool or AttributeType.Int64 or AttributeType.Int64List;

    /// <summary>Whether a value of this kind can stand in the index.</summary>
    public abstract bool Accepts(AttributeView value);

    public abstract void Add(uint ordinal, AttributeView value);

    /// <summary>Undoes <see cref="Add"/> with the same value.</summary>
    public abstract void Remove(uint ordinal, AttributeView value);

    /// <summary>As <see cref="Add"/>, while the index is built; ordinals ascend. It answers after <see cref="EndBulk"/>.</summary>
    public virtual void AddInBulk(uint ordinal, AttributeView value) => Add(ordinal, value);

    public virtual void EndBulk()
    {
    }

    /// <summary>Counts values of the index; null where <see cref="HasFacets"/> says no.</summary>
    /// <param name="limit">Values to give.</param>
    public virtual FacetCounter? CountFacet(int limit) => null;

    /// <summary>Goes through the values in order; null where the index has none, or the first value is not of its kind.</summary>
    /// <param name="from">The first value; no value for the first there is.</param>
    public virtual ValueWalk? Walk(AttributeValue from, bool descending) => null;

    /// <summary>Adds the ordinals that satisfy the leaf, which it answers, to the bitmap, as far as its length reaches.</summary>
    public abstract void AddMatches(LeafTest leaf, OrdinalBitmap bitmap, BitmapPool pool);
}
