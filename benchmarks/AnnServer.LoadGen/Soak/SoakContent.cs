using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Mixed;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Soak;

/// <summary>Points as versions say that they are, and requests that are made once and sent again and again.</summary>
internal sealed class SoakContent
{
    public const int QueryCount = 1000;

    private const int Shades = 20;
    private const int QueriesInBatch = 8;
    private const string ShadeName = "shade";
    private const string NumberName = "number";
    private const string RowName = "row";

    private readonly SoakSettings _settings;
    private readonly VectorSet _vectors;
    private readonly Vector[] _packed;
    private readonly ExactOracle _oracle;
    private long _writes;

    public SoakContent(SoakSettings settings, VectorSet vectors)
    {
        _settings = settings;
        _vectors = vectors;
        _packed = [.. vectors.Rows.Select(row => PackedVectors.FromSingles(row))];
        _oracle = new ExactOracle(settings.Metric);
        Searches = [.. vectors.Queries.Select(query => NewSearch(query))];
        Filtered = [.. Searches.Select((search, i) => Under(search, i % Shades))];
        Batches = [.. Searches.Chunk(QueriesInBatch).Select(NewBatch)];
    }

    public IReadOnlyList<SearchRequest> Searches { get; }

    /// <summary>Under filters that a twentieth of the points match.</summary>
    public IReadOnlyList<SearchRequest> Filtered { get; }

    public IReadOnlyList<SearchBatchRequest> Batches { get; }

    public CollectionConfig NewCollection() => new()
    {
        Name = _settings.Collection,
        Dimension = (uint)_vectors.Dimension,
        Metric = _settings.Metric,
        Attributes =
        {
            new AttributeSchema { Name = ShadeName, Type = AttributeType.Keyword },
            new AttributeSchema { Name = NumberName, Type = AttributeType.Int64 },
        },
    };

    /// <summary>Another vector and other attributes.</summary>
    public PointVersion Replaced(Random random) => new(random.Next(_vectors.Rows.Length), Interlocked.Increment(ref _writes));

    /// <summary>The same vector and other attributes; a point that is not there stays so.</summary>
    public PointVersion? Updated(PointVersion? version) =>
        version is { } there ? there with { Number = Interlocked.Increment(ref _writes) } : null;

    public Point ToPoint(ulong id, PointVersion version)
    {
        Point point = new() { Id = new PointId { Num = id }, Vector = _packed[version.Row] };
        point.Attributes[RowName] = new Value { IntValue = version.Row };
        point.Attributes[NumberName] = new Value { IntValue = version.Number };
        point.Attributes[ShadeName] = Shade(version.Number);
        return point;
    }

    public AttributeUpdate ToUpdate(ulong id, PointVersion version)
    {
        AttributeUpdate update = new() { Id = new PointId { Num = id } };
        update.Set[NumberName] = new Value { IntValue = version.Number };
        update.Set[ShadeName] = Shade(version.Number);
        return update;
    }

    /// <summary>The version that a point of the server is. Its row is negative where vector or attributes are of no version.</summary>
    public PointVersion VersionOf(Point point)
    {
        if (!point.Attributes.TryGetValue(RowName, out Value? row) || !point.Attributes.TryGetValue(NumberName, out Value? number))
            return new PointVersion(-1, -1);
        bool isWhole = row.IntValue >= 0 && row.IntValue < _vectors.Rows.Length
            && _oracle.IsSameVector(_vectors.Rows[row.IntValue], PackedVectors.ToSingles(point.Vector))
            && point.Attributes.TryGetValue(ShadeName, out Value? shade) && shade.Equals(Shade(number.IntValue));
        return new PointVersion(isWhole ? (int)row.IntValue : -1, number.IntValue);
    }

    private static Value Shade(long number) => new() { StringValue = ShadeText(number % Shades) };

    private static string ShadeText(long shade) => $"shade {shade}";

    private static SearchRequest Under(SearchRequest search, int shade)
    {
        SearchRequest filtered = search.Clone();
        filtered.Filter = new Filter { Expression = $"{ShadeName} = \"{ShadeText(shade)}\"" };
        return filtered;
    }

    private SearchRequest NewSearch(float[] query)
    {
        SearchRequest search = new() { Collection = _settings.Collection, Vector = PackedVectors.FromSingles(query), K = (uint)_settings.K };
        if (_settings.RecallTarget > 0)
            search.RecallTarget = _settings.RecallTarget;
        return search;
    }

    private SearchBatchRequest NewBatch(SearchRequest[] searches) =>
        new() { Collection = _settings.Collection, Queries = { searches } };
}
