using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Load;

/// <summary>
/// The points to load: row <c>i</c> of the vectors with row <c>i</c> of the attributes, under the number <c>i</c> or, where an
/// attribute is named for it, under that attribute as key.
/// </summary>
internal sealed class PointSource
{
    private readonly VectorFile _vectors;
    private readonly IReadOnlyList<IReadOnlyDictionary<string, Value>>? _attributes;
    private readonly IReadOnlyList<string>? _keys;

    public PointSource(
        VectorFile vectors, IReadOnlyList<IReadOnlyDictionary<string, Value>>? attributes, int limit, string? idAttribute = null)
    {
        Count = Math.Min(limit, vectors.Count);
        if (attributes is not null && attributes.Count < Count)
            throw new InvalidDataException($"There are {attributes.Count} lines of attributes for {Count} vectors.");
        if (idAttribute is not null && attributes is null)
            throw new InvalidDataException("An attribute can only be the id where there are attributes.");
        _vectors = vectors;
        _attributes = attributes;
        _keys = idAttribute is null ? null : PointKeys.FromAttribute(attributes!, idAttribute, Count);
    }

    public int Count { get; }

    public Point Point(int row)
    {
        Point point = new() { Id = Id(row), Vector = PackedVectors.FromRow(_vectors, row) };
        if (_attributes is not null)
            point.Attributes.Add(new Dictionary<string, Value>(_attributes[row]));
        return point;
    }

    public UpsertRequest Batch(string collection, long number, int size)
    {
        UpsertRequest request = new() { Collection = collection };
        int from = checked((int)(number * size));
        for (int row = from; row < Math.Min(from + size, Count); row++)
            request.Points.Add(Point(row));
        return request;
    }

    public long Batches(int size) => ((long)Count + size - 1) / size;

    private PointId Id(int row) => _keys is null ? new PointId { Num = (ulong)row } : new PointId { Key = _keys[row] };
}
