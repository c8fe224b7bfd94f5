namespace AnnServer.Core.Tests.Graph;

/// <summary>
/// Seeded vectors shaped like embeddings: clusters of unequal size, each a low-dimensional patch of its own in the full space,
/// with a little noise in every direction.
/// </summary>
internal sealed class ClusteredVectors
{
    private const int Clusters = 24;

    private readonly int _dimension;
    private readonly Random _random;
    private readonly float[][] _centers = new float[Clusters][];
    private readonly float[][][] _axes = new float[Clusters][][];

    public ClusteredVectors(int dimension, int seed)
    {
        _dimension = dimension;
        _random = new Random(seed);
        for (int cluster = 0; cluster < Clusters; cluster++)
        {
            _centers[cluster] = Gaussian(1);
            _axes[cluster] = new float[Math.Min(8, dimension)][];
            for (int axis = 0; axis < _axes[cluster].Length; axis++)
            {
                _axes[cluster][axis] = Gaussian(0.4 / (1 + (0.3 * axis)));
            }
        }
    }

    public float[] Next()
    {
        // Squaring makes the first clusters several times larger than the last.
        double place = _random.NextDouble();
        int cluster = (int)(place * place * Clusters);
        float[] vector = Gaussian(0.1);
        Add(vector, _centers[cluster], 1);
        foreach (float[] axis in _axes[cluster])
        {
            Add(vector, axis, (float)NextGaussian());
        }

        return vector;
    }

    public float[][] Next(int count)
    {
        float[][] vectors = new float[count][];
        for (int i = 0; i < count; i++)
        {
            vectors[i] = Next();
        }

        return vectors;
    }

    private float[] Gaussian(double deviation)
    {
        float[] vector = new float[_dimension];
        for (int i = 0; i < _dimension; i++)
        {
            vector[i] = (float)(deviation * NextGaussian());
        }

        return vector;
    }

    private double NextGaussian() =>
        Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private static void Add(float[] target, float[] vector, float factor)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] += factor * vector[i];
        }
    }
}
