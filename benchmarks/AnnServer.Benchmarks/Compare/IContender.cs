namespace AnnServer.Benchmarks.Compare;

/// <summary>An index in this process that can be measured against others. One instance serves one thread.</summary>
internal interface IContender : IDisposable
{
    string Name { get; }

    /// <summary>The parameters that shaped the index, for the report.</summary>
    string Params { get; }

    /// <summary>Vectors, links and whatever else is held for each vector.</summary>
    double BytesPerVector { get; }

    /// <summary>Adds every vector; row <c>i</c> is identifier <c>i</c>. Called once, before any search.</summary>
    void Build(float[][] vectors);

    /// <summary>
    /// Writes the identifiers of the nearest vectors, best first, and returns how many there are. Whatever the metric asks of the
    /// query (such as normalising) is part of the call.
    /// </summary>
    int Search(ReadOnlySpan<float> query, int ef, Span<ulong> nearest);
}
