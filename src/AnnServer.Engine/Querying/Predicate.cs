using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>
/// A condition over the attributes of a point. A leaf is false where the attribute is absent; <see cref="Not"/> is plain
/// Boolean negation. On a list attribute a leaf is true when any element satisfies it.
/// </summary>
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

    public sealed record Exists(string Attribute) : Predicate;

    public sealed record Ids(ImmutableArray<PointId> Values) : Predicate;

    /// <summary>One end of a range; no value means unbounded.</summary>
    public readonly record struct Bound(AttributeValue Value, bool Inclusive)
    {
        public bool IsOpen => Value.Kind == AttributeKind.None;
    }
}
