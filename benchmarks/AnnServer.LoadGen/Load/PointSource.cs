using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Load;

/// <summary>The points to load: row <c>i</c> of the vectors with row <c>i</c> of the attributes, under the number <c>i</c>.</summary>
internal sealed class PointSource
{
    private readonly VectorFile _vectors;
    private readonly IReadOnlyList<IReadOnlyDictionary<string, Value>>? _attributes;

    public PointSource(VectorFile vectors, IReadOnlyList<IReadOnlyDictionary<string, Value>>? attributes, int limit)
    {
        Count = Math.Min(limit, vectors.Count);
        if (attributes is not null && attributes.Count < Count)
            throw new InvalidDataException($"There are {attributes.Count} lines of attributes for {Count} vectors.");
        _vectors = vectors;
        _attributes = attributes;
    }

    public int Count { get; }

    public Point Point(int row)
    {
        Point point = new() { Id = new PointId { Num = (ulong)row }, Vector = PackedVectors.FromRow(_vectors, row) };
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
}
