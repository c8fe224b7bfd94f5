namespace AnnServer.Core.Graph;

/// <summary>What a graph is built with; fixed for its life. Names as in Malkov &amp; Yashunin, arXiv 1603.09320, section 4.</summary>
public sealed record GraphParameters
{
    /// <summary>Smallest and largest M: below 4 graphs fall apart, above 128 rows outgrow the buffers of one hop.</summary>
    public const int MinM = 4;

    public const int MaxM = 128;

    // A vector of 16 floats fills one cache line, and so does its code.
    private const int LeastForInt8 = 17;

    // Below it 4 bits are no faster at the same recall.
    private const int LeastForInt4 = 512;

    public GraphParameters(int dimension, DistanceKind distance, int m, int efConstruction, ulong seed, uint maxNodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentOutOfRangeException.ThrowIfLessThan(m, MinM);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(m, MaxM);
        ArgumentOutOfRangeException.ThrowIfLessThan(efConstruction, m);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxNodes, (uint)int.MaxValue);
        Dimension = dimension;
        Distance = distance;
        M = m;
        EfConstruction = efConstruction;
        Seed = seed;
        MaxNodes = maxNodes;
    }

    public int Dimension { get; }

    public DistanceKind Distance { get; }

    /// <summary>Links a new node makes on each layer, and the most it keeps above layer 0.</summary>
    public int M { get; }

    /// <summary>Most links of a node on layer 0 (M_max0 = 2M, as the paper recommends).</summary>
    public int MaxLinks0 => 2 * M;

    public int EfConstruction { get; }

    public ulong Seed { get; }

    /// <summary>What the graph is built and walked on; where that is codes, results are ordered by the vectors themselves.</summary>
    public CodeKind Codes { get; init; }

    /// <summary>Keep the vectors as 16-bit floats, half the bytes. What is kept, and given back, is then the nearest to each element.</summary>
    public bool UseHalves { get; init; }

    /// <summary>Address space is reserved for this many nodes.</summary>
    public uint MaxNodes { get; }

    /// <summary>The codes on which vectors of a dimension are walked fastest at the same recall.</summary>
    public static CodeKind CodesFor(int dimension) => dimension switch
    {
        < LeastForInt8 => CodeKind.None,
        < LeastForInt4 => CodeKind.Int8,
        _ => CodeKind.Int4,
    };

    public int MaxLinks(int layer) => layer == 0 ? MaxLinks0 : M;
}
