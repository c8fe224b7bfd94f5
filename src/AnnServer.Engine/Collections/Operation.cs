namespace AnnServer.Engine.Collections;

/// <summary>What a log record does. The numbers are part of the stored format.</summary>
internal enum Operation : byte
{
    /// <summary>A point, its links and the links of its neighbours; hides the point it replaces.</summary>
    Upsert = 1,

    /// <summary>Hides points.</summary>
    Delete = 2,

    /// <summary>The attributes of a point.</summary>
    SetAttributes = 3,

    /// <summary>Rows that the background repair has rewritten.</summary>
    SetLinks = 4,

    /// <summary>Gives back the slots of hidden points that nothing links to.</summary>
    Forget = 5,

    CreateCollection = 6,

    /// <summary>The configuration of a collection whose indexed attributes have changed.</summary>
    UpdateCollection = 7,

    DropCollection = 8,
}
