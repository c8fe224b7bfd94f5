using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Collections.Scrolling;

/// <summary>One page to find.</summary>
/// <param name="Candidates">Points that match the filter, at one moment.</param>
/// <param name="After">The key after which the page begins; null for the first page.</param>
/// <param name="Ids">Identifiers in order, where they were before the candidates were taken.</param>
internal sealed record ScrollTask(
    ScrollOrder Order, OrdinalBitmap Candidates, ScrollKey? After, int PageSize, IdOrder? Ids, CancellationToken Cancellation)
{
    /// <summary>One point more than the page tells whether another follows.</summary>
    public int Wanted => PageSize + 1;
}
