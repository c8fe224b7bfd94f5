using System.Numerics.Tensors;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare;

/// <summary>Compares with every vector: the floor that any index must beat, and a check of the harness, since its recall is 1.</summary>
internal sealed class ExactContender(ScoreKind score) : IContender
{
    private float[][] _vectors = [];
    private float[] _scores = [];
    private ulong[] _ids = [];

    public string Name => "exact";

    public string Params => "";

    public double BytesPerVector => _vectors.Length == 0 ? 0 : _vectors[0].Length * sizeof(float);

    public void Build(float[][] vectors)
    {
        _vectors = vectors;
        _scores = new float[vectors.Length];
        _ids = new ulong[vectors.Length];
    }

    public int Search(ReadOnlySpan<float> query, int ef, Span<ulong> nearest)
    {
        for (int i = 0; i < _vectors.Length; i++)
        {
            _ids[i] = (ulong)i;
            _scores[i] = score switch
            {
                ScoreKind.SquaredDistance => TensorPrimitives.Distance(query, _vectors[i]),
                ScoreKind.InnerProduct => -TensorPrimitives.Dot(query, _vectors[i]),
                _ => -TensorPrimitives.CosineSimilarity(query, _vectors[i]),
            };
        }
        Array.Sort(_scores, _ids);
        int count = Math.Min(nearest.Length, _ids.Length);
        _ids.AsSpan(0, count).CopyTo(nearest);
        return count;
    }

    public void Dispose()
    {
        _vectors = [];
    }
}
