namespace AnnServer.Engine.Model;

public enum SearchStrategy
{
    /// <summary>Every matching point was compared.</summary>
    Exact,

    /// <summary>The graph was walked.</summary>
    Graph,
}
