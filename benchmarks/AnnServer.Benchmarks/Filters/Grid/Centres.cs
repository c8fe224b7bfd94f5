using System.Numerics.Tensors;

namespace AnnServer.Benchmarks.Filters.Grid;

/// <summary>The centres of a few clusters, by Lloyd's algorithm on some of the rows.</summary>
internal sealed class Centres
{
    public const int Count = 8;

    private const int SampleRows = 20_000;
    private const int Iterations = 10;

    private readonly int _dimension;
    private readonly float[][] _centres;

    public Centres(float[] rows, int dimension)
    {
        _dimension = dimension;
        int count = rows.Length / dimension, sample = Math.Min(count, SampleRows);
        int[] sampled = [.. Enumerable.Range(0, sample).Select(i => (int)((long)i * count / sample))];
        _centres = [.. Enumerable.Range(0, Count).Select(i => Row(rows, sampled[i * sample / Count]).ToArray())];
        for (int i = 0; i < Iterations; i++)
            Move(rows, sampled);
    }

    public int NearestTo(ReadOnlySpan<float> vector)
    {
        int nearest = 0;
        for (int i = 1; i < Count; i++)
        {
            if (TensorPrimitives.Distance(vector, _centres[i]) < TensorPrimitives.Distance(vector, _centres[nearest]))
                nearest = i;
        }
        return nearest;
    }

    /// <summary>The rank of every row by its distance from a centre: 0 is the nearest.</summary>
    public int[] RanksFrom(int centre, float[] rows)
    {
        int count = rows.Length / _dimension;
        float[] distances = [.. Enumerable.Range(0, count).Select(row => TensorPrimitives.Distance(Row(rows, row), _centres[centre]))];
        int[] order = [.. Enumerable.Range(0, count)];
        Array.Sort(distances, order);
        int[] ranks = new int[count];
        for (int rank = 0; rank < count; rank++)
            ranks[order[rank]] = rank;
        return ranks;
    }

    private void Move(float[] rows, int[] sampled)
    {
        float[][] sums = [.. _centres.Select(_ => new float[_dimension])];
        int[] members = new int[Count];
        foreach (int row in sampled)
        {
            int nearest = NearestTo(Row(rows, row));
            members[nearest]++;
            TensorPrimitives.Add(sums[nearest], Row(rows, row), sums[nearest]);
        }
        // A centre that has lost all its rows stays where it is.
        for (int i = 0; i < Count; i++)
        {
            if (members[i] > 0)
                TensorPrimitives.Divide(sums[i], (float)members[i], _centres[i]);
        }
    }

    private ReadOnlySpan<float> Row(float[] rows, int row) => rows.AsSpan(row * _dimension, _dimension);
}
