using System.Runtime.InteropServices;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare;

/// <summary>A vector file cut into base and queries, evenly spread, with the exact neighbours of the queries.</summary>
internal sealed class HoldOutSet
{
    private readonly VectorFile _vectors;
    private readonly ScoreKind _score;
    private readonly int _depth;
    private readonly int[] _base;
    private readonly int[] _queries;

    public HoldOutSet(VectorFile vectors, ScoreKind score, int queries, int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queries);
        if (vectors.Count - queries < depth)
            throw new InvalidDataException($"{vectors.Count} rows are too few for {queries} queries with {depth} neighbours each.");
        _vectors = vectors;
        _score = score;
        _depth = depth;
        _queries = [.. Enumerable.Range(0, queries).Select(i => (int)((long)i * vectors.Count / queries))];
        HashSet<int> heldOut = [.. _queries];
        _base = [.. Enumerable.Range(0, vectors.Count).Where(row => !heldOut.Contains(row))];
    }

    public void WriteBase(string path) => WriteVectors(path, _base);

    public void WriteQueries(string path) => WriteVectors(path, _queries);

    /// <summary>Nearest first, equal scores by row, computed in float64.</summary>
    public void WriteTruth(string idsPath, string scoresPath)
    {
        float[][] rows = [.. _base.Select(_vectors.ToSingles)];
        (double Score, int Row)[][] nearest = new (double, int)[_queries.Length][];
        Parallel.For(0, _queries.Length, i => nearest[i] = Nearest(_vectors.ToSingles(_queries[i]), rows));

        using FileStream ids = File.Create(idsPath);
        using FileStream scores = File.Create(scoresPath);
        foreach ((double Score, int Row)[] neighbours in nearest)
        {
            WriteRow(ids, _depth, MemoryMarshal.AsBytes<int>([.. neighbours.Select(entry => entry.Row)]));
            WriteRow(scores, _depth, MemoryMarshal.AsBytes<float>([.. neighbours.Select(entry => (float)entry.Score)]));
        }
    }

    private (double Score, int Row)[] Nearest(float[] query, float[][] rows)
    {
        (double Score, int Row)[] all = new (double, int)[rows.Length];
        for (int row = 0; row < rows.Length; row++)
            all[row] = (ExactScore.Compute(_score, query, rows[row]), row);
        Array.Sort(all, (a, b) => ExactScore.Compare(_score, a.Score, b.Score) is var order && order != 0 ? order : a.Row.CompareTo(b.Row));
        return all[.._depth];
    }

    private void WriteVectors(string path, int[] rows)
    {
        using FileStream file = File.Create(path);
        foreach (int row in rows)
            WriteRow(file, _vectors.Dimension, _vectors.Packed(row));
    }

    private static void WriteRow(FileStream file, int dimension, ReadOnlySpan<byte> elements)
    {
        file.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in dimension)));
        file.Write(elements);
    }
}
