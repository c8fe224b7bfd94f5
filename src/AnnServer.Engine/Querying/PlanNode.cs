using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>A predicate bound to the indexes there are. Lives for one evaluation.</summary>
internal sealed class PlanNode
{
    public required PlanKind Kind { get; init; }

    /// <summary>No leaf below needs to read points. In an And and an Or such operands come first, joined into one.</summary>
    public required bool NeedsNoPoints { get; init; }

    public PlanNode[] Operands { get; init; } = [];

    public LeafTest? Leaf { get; init; }

    public AttributeIndex? Index { get; init; }

    /// <summary>Ascending.</summary>
    public uint[] Ordinals { get; init; } = [];

    /// <summary>The result of a node that needs no points, once it is there.</summary>
    public OrdinalBitmap? Result { get; set; }

    /// <summary>Whether one point satisfies the plan, by its attributes alone.</summary>
    public bool Matches(uint ordinal, byte[]? blob)
    {
        switch (Kind)
        {
            case PlanKind.And or PlanKind.Or:
                bool decisive = Kind == PlanKind.Or;
                foreach (PlanNode operand in Operands)
                {
                    if (operand.Matches(ordinal, blob) == decisive)
                    {
                        return decisive;
                    }
                }

                return !decisive;
            case PlanKind.Not:
                return !Operands[0].Matches(ordinal, blob);
            case PlanKind.Listed:
                return Ordinals.AsSpan().BinarySearch(ordinal) >= 0;
            default:
                return blob is not null && Leaf!.Matches(blob);
        }
    }
}
