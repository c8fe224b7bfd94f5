using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>
/// A condition over the attributes of a point. A leaf is false where the attribute is absent; <see cref="Not"/> is plain
/// Boolean negation. On a list attribute a leaf is true when any element satisfies it.
/// </summary>
/// <remarks>
/// <see cref="Eq"/>, <see cref="Ne"/>, <see cref="Contains"/> and <see cref="IsNull"/> are forms a caller may write; binding replaces
/// them by the others.
/// </remarks>
public abstract record Predicate
{
    private Predicate()
    {
    }

    public sealed record And(ImmutableArray<Predicate> Operands) : Predicate;

    public sealed record Or(ImmutableArray<Predicate> Operands) : Predicate;

    public sealed record Not(Predicate Operand) : Predicate;

    /// <summary>The attribute, or an element of it, equals one of the values.</summary>
    public sealed record In(string Attribute, ImmutableArray<AttributeValue> Values) : Predicate;

    /// <summary>The attribute, or an element of it, lies within the bounds. A default bound is open.</summary>
    public sealed record Range(string Attribute, Bound Lower, Bound Upper) : Predicate;

    /// <summary>The attribute, or an element of it, equals the value.</summary>
    public sealed record Eq(string Attribute, AttributeValue Value) : Predicate;

    /// <summary>The attribute is present and neither it nor an element of it equals the value.</summary>
    public sealed record Ne(string Attribute, AttributeValue Value) : Predicate;

    /// <summary>The same as <see cref="Eq"/>, written for lists.</summary>
    public sealed record Contains(string Attribute, AttributeValue Value) : Predicate;

    public sealed record Exists(string Attribute) : Predicate;

    /// <summary>The point has no value for the attribute.</summary>
    public sealed record IsNull(string Attribute) : Predicate;

    /// <summary>The attribute, or an element of it, is a string that begins with the value.</summary>
    public sealed record Prefix(string Attribute, string Value) : Predicate;

    /// <summary>
    /// The attribute, or an element of it, is a string that has all or any of the query's tokens; a star right after one makes it the
    /// beginning of others.
    /// </summary>
    public sealed record TextMatch(string Attribute, string Query, TextMatchMode Mode) : Predicate;

    /// <summary>The attribute is a place no further than that from the center, on a sphere of the earth's mean radius.</summary>
    public sealed record GeoRadius(string Attribute, GeoPoint Center, double Meters) : Predicate;

    /// <summary>The attribute is a place between the corners, across the antimeridian where the west is greater than the east.</summary>
    public sealed record GeoBox(string Attribute, GeoPoint SouthWest, GeoPoint NorthEast) : Predicate;

    public sealed record Ids(ImmutableArray<PointId> Values) : Predicate;

    /// <summary>One end of a range; no value means unbounded.</summary>
    public readonly record struct Bound(AttributeValue Value, bool Inclusive)
    {
        public bool IsOpen => Value.Kind == AttributeKind.None;
    }
}
