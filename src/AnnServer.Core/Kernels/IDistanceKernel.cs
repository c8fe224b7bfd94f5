namespace AnnServer.Core.Kernels;

/// <summary>
/// A metric as the graph sees it: smaller is closer. A row gives the same bits from <see cref="Distance"/> as from
/// <see cref="Distance4"/>, whichever place it takes there, so a result does not depend on how candidates were grouped.
/// </summary>
internal unsafe interface IDistanceKernel
{
    /// <summary>
    /// A query and a row of <paramref name="length"/> elements, at least one: floats, or finite halves, which are widened as they
    /// are loaded and give the bits that the same numbers give as floats. The pointers need no alignment.
    /// </summary>
    static abstract float Distance<TElement>(float* query, TElement* row, int length)
        where TElement : unmanaged;

    /// <summary>One query against four rows; writes four floats. Each part of the query is loaded once for all rows.</summary>
    static abstract void Distance4<TElement>(
        float* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, int length, float* distances)
        where TElement : unmanaged;
}
