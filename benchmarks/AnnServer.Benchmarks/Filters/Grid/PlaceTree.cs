using System.Numerics.Tensors;

namespace AnnServer.Benchmarks.Filters.Grid;

/// <summary>
/// Puts rows on a line so that neighbours in space are mostly neighbours on it, at every scale: a tree cuts each part in two
/// halves at the median of the projection on a line between two rows that lie far apart in it, and the line is the order of its leaves.
/// </summary>
internal sealed class PlaceTree
{
    private const int LeafRows = 16;

    // Rows among which a cut looks for two that lie far apart.
    private const int Sample = 32;

    private readonly float[] _rows;
    private readonly int _dimension;
    private readonly int[] _order;
    private readonly float[] _keys;
    private readonly Random _random;
    private readonly Part _root;

    public PlaceTree(float[] rows, int dimension, int seed)
    {
        _rows = rows;
        _dimension = dimension;
        _random = new Random(seed);
        _order = [.. Enumerable.Range(0, rows.Length / dimension)];
        _keys = new float[_order.Length];
        _root = Cut(0, _order.Length);
    }

    /// <summary>The place of every row: 0 to the number of rows, each once.</summary>
    public int[] Places()
    {
        int[] places = new int[_order.Length];
        for (int place = 0; place < places.Length; place++)
            places[_order[place]] = place;
        return places;
    }

    /// <summary>The place where a row with this vector would be.</summary>
    public int PlaceOf(ReadOnlySpan<float> vector)
    {
        Part part = _root;
        while (part.Halves is { } halves)
            part = TensorPrimitives.Dot(vector, halves.Direction) < halves.Threshold ? halves.Low : halves.High;
        return (part.Start + part.End) / 2;
    }

    private Part Cut(int start, int end)
    {
        if (end - start <= LeafRows)
            return new Part(start, end, null);
        float[] direction = Direction(start, end);
        for (int i = start; i < end; i++)
            _keys[i] = TensorPrimitives.Dot(Row(_order[i]), direction);
        Array.Sort(_keys, _order, start, end - start);
        int middle = (start + end) / 2;
        // The halves overwrite the keys.
        float threshold = _keys[middle];
        return new Part(start, end, new Halves(direction, threshold, Cut(start, middle), Cut(middle, end)));
    }

    private float[] Direction(int start, int end)
    {
        int[] sample = [.. Enumerable.Range(0, Sample).Select(_ => _order[_random.Next(start, end)])];
        int one = Farthest(sample, sample[0]), other = Farthest(sample, one);
        float[] direction = new float[_dimension];
        TensorPrimitives.Subtract(Row(other), Row(one), direction);
        return direction;
    }

    private int Farthest(int[] sample, int from) => sample.MaxBy(row => TensorPrimitives.Distance(Row(row), Row(from)));

    private ReadOnlySpan<float> Row(int row) => _rows.AsSpan(row * _dimension, _dimension);

    private sealed record Part(int Start, int End, Halves? Halves);

    private sealed record Halves(float[] Direction, float Threshold, Part Low, Part High);
}
