namespace AnnServer.Core.Kernels;

/// <summary>
/// A metric as the graph sees it: smaller is closer. A row gives the same bits from <see cref="Distance"/> as from
/// <see cref="Distance4"/>, whichever place it takes there, so a result does not depend on how candidates were grouped.
/// </summary>
internal unsafe interface IDistanceKernel
{
    /// <summary>One pair of <paramref name="length"/> floats, at least one. The pointers need no alignment.</summary>
    static abstract float Distance(float* a, float* b, int length);

    /// <summary>One query against four rows; writes four floats. Each part of the query is loaded once for all rows.</summary>
    static abstract void Distance4(float* query, float* row0, float* row1, float* row2, float* row3, int length, float* distances);
}
