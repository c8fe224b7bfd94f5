using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Model;

/// <summary>A filter as the caller gives it: an expression, a tree, or neither for all points.</summary>
public readonly record struct FilterSpec(string? Expression, Predicate? Predicate)
{
    public static FilterSpec None => default;

    public bool IsNone => Expression is null && Predicate is null;
}
