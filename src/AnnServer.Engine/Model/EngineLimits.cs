namespace AnnServer.Engine.Model;

/// <summary>What one request or one collection may ask for. Reaching a limit is an error that names it, never a silent cap.</summary>
public sealed record EngineLimits
{
    /// <summary>Elements of a vector. 8192 floats are 32 KiB, half of the largest graph record.</summary>
    public int MaxDimension { get; init; } = 8192;

    public int MaxCollections { get; init; } = 1000;

    /// <summary>Slots of one collection, live and deleted. Address space is reserved for it, memory is not.</summary>
    public int MaxPointsPerCollection { get; init; } = 1 << 24;

    public int MaxAttributesPerPoint { get; init; } = 256;

    /// <summary>Encoded attributes of one point.</summary>
    public int MaxAttributeBytesPerPoint { get; init; } = 256 * 1024;

    /// <summary>Indexed attributes of one collection.</summary>
    public int MaxIndexedAttributes { get; init; } = 64;

    /// <summary>Points, identifiers or updates in one write or get.</summary>
    public int MaxBatchPoints { get; init; } = 10_000;

    public int MaxBatchQueries { get; init; } = 1000;

    public int MaxK { get; init; } = 10_000;

    public int MaxEf { get; init; } = 20_000;

    public int MaxPageSize { get; init; } = 10_000;

    /// <summary>Points on a page of a scroll that does not say how many.</summary>
    public int DefaultPageSize { get; init; } = 100;

    /// <summary>Characters of a filter expression.</summary>
    public int MaxFilterExpressionLength { get; init; } = 64 * 1024;

    /// <summary>Nested levels of a filter.</summary>
    public int MaxFilterDepth { get; init; } = 32;

    /// <summary>Leaves of a filter, each value of an in-set counted.</summary>
    public int MaxFilterTerms { get; init; } = 10_000;
}
