using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>A vector file cut into base and queries, evenly spread, with the exact neighbours of the queries.</summary>
internal sealed class HoldOutSet
{
    private readonly VectorFile _vectors;
    private readonly int[] _base;
    private readonly int[] _queries;

    public HoldOutSet(VectorFile vectors, int queries)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queries);
        if (queries >= vectors.Count)
            throw new InvalidDataException($"{vectors.Count} rows are too few to hold out {queries}.");
        _vectors = vectors;
        _queries = [.. Enumerable.Range(0, queries).Select(i => (int)((long)i * vectors.Count / queries))];
        HashSet<int> heldOut = [.. _queries];
        _base = [.. Enumerable.Range(0, vectors.Count).Where(row => !heldOut.Contains(row))];
    }

    public void Write(string folder, string metric, int depth, string extension)
    {
        Neighbour[][] nearest = new ExactNeighbours(ContenderOptions.ScoreOf(metric), Singles(_base), _vectors.Dimension)
            .Find(Singles(_queries), depth);
        Directory.CreateDirectory(folder);
        DataSetWriter.WriteVectors(Path.Combine(folder, "base" + extension), _vectors, _base);
        DataSetWriter.WriteVectors(Path.Combine(folder, "query" + extension), _vectors, _queries);
        DataSetWriter.WriteTruth(folder, metric, nearest);
    }

    private float[] Singles(int[] rows)
    {
        float[] singles = new float[rows.Length * _vectors.Dimension];
        for (int i = 0; i < rows.Length; i++)
            _vectors.CopyTo(rows[i], singles.AsSpan(i * _vectors.Dimension, _vectors.Dimension));
        return singles;
    }
}
