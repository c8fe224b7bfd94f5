namespace AnnServer.Engine.Checkpoints;

/// <summary>What a page of a collection holds, for one slot. The numbers are part of the stored format.</summary>
internal enum PageKind : byte
{
    /// <summary>Whether the slot is in use, and by which point with which attributes.</summary>
    Point = 0,

    Vector = 1,

    /// <summary>The links of the node on all its layers.</summary>
    Links = 2,
}
