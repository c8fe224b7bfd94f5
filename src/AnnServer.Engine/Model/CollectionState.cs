namespace AnnServer.Engine.Model;

public enum CollectionState
{
    Ready = 1,

    /// <summary>The store has failed, or the disk has too little space: reads are served, writes are refused.</summary>
    ReadOnly = 2,
}
