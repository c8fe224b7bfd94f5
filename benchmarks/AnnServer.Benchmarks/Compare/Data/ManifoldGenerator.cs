using System.Numerics.Tensors;

namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>Makes the rows of a <see cref="ManifoldSpec"/>. A row depends on the specification and its number alone.</summary>
internal sealed class ManifoldGenerator
{
    // Streams of random numbers below the rows': one for the map, then one for each cluster.
    private const ulong MapStream = ulong.MaxValue;
    private const ulong ClusterStreams = 1UL << 32;

    private readonly ManifoldSpec _spec;
    private readonly float[] _inner;
    private readonly float[] _bias;
    private readonly float[] _outer;
    private readonly Cluster[] _clusters;
    private readonly double[] _cumulative;

    public ManifoldGenerator(ManifoldSpec spec)
    {
        _spec = spec;
        SeededNormal random = new(spec.Seed, MapStream);
        _inner = new float[spec.Width * spec.Latent];
        _bias = new float[spec.Width];
        _outer = new float[spec.Dimension * spec.Width];
        random.FillNormal(_inner, 1);
        random.FillNormal(_bias, 0.5f);
        random.FillNormal(_outer, 1 / MathF.Sqrt(spec.Width));
        _clusters = [.. Enumerable.Range(0, spec.Clusters).Select(MakeCluster)];
        _cumulative = new double[spec.Clusters];
        double sum = 0;
        for (int i = 0; i < _cumulative.Length; i++)
            _cumulative[i] = sum += Math.Pow(i + 1, -spec.Zipf);
    }

    /// <summary>Rows from <paramref name="first"/> on, one after the other, as many as the destination holds.</summary>
    public void Fill(int first, float[] destination)
    {
        int rows = destination.Length / _spec.Dimension;
        Parallel.For(0, rows, i => FillRow(first + i, destination.AsSpan(i * _spec.Dimension, _spec.Dimension)));
    }

    private void FillRow(int row, Span<float> destination)
    {
        SeededNormal random = new(_spec.Seed, (ulong)row);
        Cluster cluster = _clusters[Choose(random.NextUniform())];
        Span<float> place = stackalloc float[_spec.Latent];
        Span<float> hidden = stackalloc float[_spec.Width];

        cluster.Centre.CopyTo(place);
        foreach (float[] direction in cluster.Directions)
            TensorPrimitives.MultiplyAdd(direction, random.NextNormal(), place, place);
        Multiply(_inner, place, hidden);
        TensorPrimitives.Add(hidden, _bias, hidden);
        TensorPrimitives.Tanh(hidden, hidden);
        Multiply(_outer, hidden, destination);

        float deviation = (float)(_spec.Noise * cluster.Extent);
        for (int i = 0; i < destination.Length; i++)
            destination[i] += deviation * random.NextNormal();
        if (_spec.Metric == "cosine")
            TensorPrimitives.Divide(destination, TensorPrimitives.Norm(destination), destination);
    }

    private int Choose(double uniform)
    {
        int index = Array.BinarySearch(_cumulative, uniform * _cumulative[^1]);
        return index < 0 ? ~index : Math.Min(index + 1, _cumulative.Length - 1);
    }

    private Cluster MakeCluster(int index)
    {
        SeededNormal random = new(_spec.Seed, ClusterStreams + (ulong)index);
        float[] centre = new float[_spec.Latent];
        random.FillNormal(centre, 1 / MathF.Sqrt(_spec.Latent));
        int rank = _spec.MinRank + (int)(random.NextUniform() * (_spec.MaxRank - _spec.MinRank + 1));
        double spread = _spec.Spread * Math.Exp(0.3 * random.NextNormal());
        float[][] directions = new float[rank][];
        double squares = 0;
        for (int j = 0; j < rank; j++)
        {
            double deviation = spread * Math.Pow(j + 1, -_spec.Decay);
            squares += deviation * deviation;
            directions[j] = new float[_spec.Latent];
            random.FillNormal(directions[j], (float)(deviation / Math.Sqrt(_spec.Latent)));
        }
        return new Cluster(centre, directions, Math.Sqrt(squares));
    }

    private static void Multiply(float[] matrix, ReadOnlySpan<float> vector, Span<float> product)
    {
        for (int i = 0; i < product.Length; i++)
            product[i] = TensorPrimitives.Dot(matrix.AsSpan(i * vector.Length, vector.Length), vector);
    }

    private sealed record Cluster(float[] Centre, float[][] Directions, double Extent);
}
