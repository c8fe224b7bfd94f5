namespace AnnServer.LoadGen.Data;

/// <summary>The vectors of a run, and others like them to search with.</summary>
internal sealed class VectorSet
{
    // As many as a dimension of real embeddings is worth: with all of them independent there would be no neighbourhoods to find.
    private const int Latent = 12;

    private VectorSet(float[][] rows, float[][] queries)
    {
        Rows = rows;
        Queries = queries;
    }

    public float[][] Rows { get; }

    public float[][] Queries { get; }

    public int Dimension => Rows[0].Length;

    /// <summary>Normal in a few directions of the space, with a little of every direction.</summary>
    public static VectorSet Generate(int rows, int queries, int dimension, int seed)
    {
        Random random = new(seed);
        float[][] directions = [.. Enumerable.Range(0, Latent).Select(_ => Normal(random, dimension))];
        return new VectorSet(Many(rows), Many(queries));

        float[][] Many(int count) => [.. Enumerable.Range(0, count).Select(_ => One())];

        float[] One()
        {
            float[] vector = Normal(random, dimension);
            float[] weights = Normal(random, Latent);
            for (int i = 0; i < Latent; i++)
            {
                for (int element = 0; element < dimension; element++)
                    vector[element] += 3 * weights[i] * directions[i][element];
            }
            return vector;
        }
    }

    /// <summary>The last rows of the file are kept to search with.</summary>
    public static VectorSet Read(string path, int queries)
    {
        VectorFile file = VectorFile.Read(path);
        if (file.Count <= queries)
            throw new InvalidDataException($"{path} has {file.Count} vectors, and {queries} are needed to search with.");
        int rows = file.Count - queries;
        return new VectorSet(
            [.. Enumerable.Range(0, rows).Select(file.ToSingles)], [.. Enumerable.Range(rows, queries).Select(file.ToSingles)]);
    }

    private static float[] Normal(Random random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return values;
    }
}
