namespace AnnServer.Engine.Model;

public enum CollectionState
{
    Ready = 1,

    /// <summary>The store has failed: reads are served, writes are refused.</summary>
    ReadOnly = 2,
}
