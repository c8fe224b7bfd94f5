namespace AnnServer.Engine.Model;

/// <summary>What one request or one collection may ask for. Reaching a limit is an error that names it, never a silent cap.</summary>
public sealed record EngineLimits
{
    /// <summary>
    /// Most that <see cref="MaxDimension"/> and <see cref="MaxAttributeBytesPerPoint"/> can be set to: together with the links
    /// that an insert changes at the greatest M they fit a record of the log, so that no change is applied that cannot be logged.
    /// </summary>
    public const int LargestDimension = 1 << 16;

    public const int LargestAttributeBytesPerPoint = 2 << 20;

    /// <summary>Most that <see cref="MaxTextQueryTokens"/> can be set to: what has been found of them is kept on the stack.</summary>
    public const int LargestTextQueryTokens = 4096;

    /// <summary>Elements of a vector. 8192 floats are 32 KiB, half of the largest graph record.</summary>
    public int MaxDimension
    {
        get;
        init => field = AtMost(value, LargestDimension, nameof(MaxDimension));
    } = 8192;

    public int MaxCollections { get; init; } = 1000;

    /// <summary>Slots of one collection, live and deleted. Address space is reserved for it, memory is not.</summary>
    public int MaxPointsPerCollection { get; init; } = 1 << 24;

    public int MaxAttributesPerPoint { get; init; } = 256;

    /// <summary>Encoded attributes of one point.</summary>
    public int MaxAttributeBytesPerPoint
    {
        get;
        init => field = AtMost(value, LargestAttributeBytesPerPoint, nameof(MaxAttributeBytesPerPoint));
    } = 256 * 1024;

    /// <summary>Indexed attributes of one collection.</summary>
    public int MaxIndexedAttributes { get; init; } = 64;

    /// <summary>Points, identifiers or updates in one write or get.</summary>
    public int MaxBatchPoints { get; init; } = 10_000;

    public int MaxBatchQueries { get; init; } = 1000;

    public int MaxK { get; init; } = 10_000;

    public int MaxEf { get; init; } = 20_000;

    /// <summary>Results of one group.</summary>
    public int MaxGroupSize { get; init; } = 100;

    /// <summary>
    /// Candidates that diverse results are taken from: each result taken is compared with all of them, and their vectors are copied.
    /// </summary>
    public int MaxDiversityCandidates { get; init; } = 1000;

    public int MaxPageSize { get; init; } = 10_000;

    /// <summary>
    /// Identifiers, vectors and encoded attributes of one answer, a batch's included; 64 bytes are counted for each point beside
    /// them. A page of 10,000 points of 1536 dimensions fits.
    /// </summary>
    public int MaxAnswerBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Points on a page of a scroll that does not say how many.</summary>
    public int DefaultPageSize { get; init; } = 100;

    /// <summary>Attributes whose values one call counts.</summary>
    public int MaxFacets { get; init; } = 64;

    /// <summary>Values of one attribute that are asked for with their counts.</summary>
    public int MaxFacetValues { get; init; } = 10_000;

    /// <summary>Characters of a filter expression.</summary>
    public int MaxFilterExpressionLength { get; init; } = 64 * 1024;

    /// <summary>Nested levels of a filter.</summary>
    public int MaxFilterDepth { get; init; } = 32;

    /// <summary>Leaves of a filter, each value of an in-set counted.</summary>
    public int MaxFilterTerms { get; init; } = 10_000;

    /// <summary>Tokens of a value written to a TEXT attribute, repeats counted.</summary>
    public int MaxTextTokens { get; init; } = 16_384;

    /// <summary>Tokens that one text match looks for.</summary>
    public int MaxTextQueryTokens
    {
        get;
        init => field = AtMost(value, LargestTextQueryTokens, nameof(MaxTextQueryTokens));
    } = 256;

    private static int AtMost(int value, int greatest, string name) => value <= greatest
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"At most {greatest} is possible.");
}
