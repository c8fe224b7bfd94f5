namespace AnnServer.Core.Graph;

/// <summary>How a filtered walk ended.</summary>
internal enum FilteredWalk
{
    Complete,
    GivenUp,
    Cancelled,
}
