namespace AnnServer.Engine.Checkpoints;

/// <summary>The first byte of the page of a point. The numbers are part of the stored format.</summary>
internal enum SlotState : byte
{
    Free = 0,

    /// <summary>Followed by the identifier of the point and its encoded attributes.</summary>
    Live = 1,

    /// <summary>Deleted, and still part of the graph.</summary>
    Hidden = 2,
}
