namespace AnnServer.Engine.Attributes;

/// <summary>Stored values that an index could not take.</summary>
/// <param name="Count">How many points hold one.</param>
/// <param name="FirstOrdinal">The first of them.</param>
/// <param name="FirstKind">What it holds.</param>
internal readonly record struct IndexMismatches(int Count, uint FirstOrdinal, AttributeKind FirstKind)
{
    public IndexMismatches With(uint ordinal, AttributeKind kind) =>
        Count == 0 ? new IndexMismatches(1, ordinal, kind) : this with { Count = Count + 1 };
}
