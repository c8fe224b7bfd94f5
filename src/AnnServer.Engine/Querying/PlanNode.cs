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

    public uint[] Ordinals { get; init; } = [];

    /// <summary>The result of a node that needs no points, once it is there.</summary>
    public OrdinalBitmap? Result { get; set; }
}
