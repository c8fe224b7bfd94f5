using AnnServer.Core.Search;

namespace AnnServer.Engine.Collections;

/// <summary>One point of an upsert between its plan and its commit.</summary>
internal sealed class PlannedPoint(PendingUpsert upsert, int index)
{
    public PendingUpsert Upsert { get; } = upsert;

    public int Index { get; } = index;

    public uint Ordinal => Upsert.Ordinals[Index];

    /// <summary>Holds the plan; rented by it and returned after the commit, whichever threads they run on.</summary>
    public ScratchPool.Scope Scope { get; set; }

    /// <summary>Whether the collection still had its memory when the scratch was rented, and so has it until that is returned.</summary>
    public bool HasMemory { get; set; }

    /// <summary>Whether the scratch holds a plan; without one the commit only gives the slot back.</summary>
    public bool IsPlanned { get; set; }

    /// <summary>Whether the thread that plans it is done; its order looks at it under its lock.</summary>
    public bool IsReady { get; set; }
}
