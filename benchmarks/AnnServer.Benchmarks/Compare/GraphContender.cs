using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare;

/// <summary>
/// This project's graph, called as the engine calls it: walked on the codes that are the default, on given ones, or on the vectors.
/// </summary>
internal sealed class GraphContender(ContenderOptions options, string name, CodeKind? codes = null, bool useHalves = false) : IContender
{
    private const ulong Seed = 42;

    private readonly ScratchPool _scratches = new();
    private VectorIndex? _index;

    public string Name => name;

    public string Params => $"M={options.M} efC={options.EfConstruction}";

    public double BytesPerVector =>
        _index is null ? 0 : (double)(_index.VectorMemoryBytes + _index.CodeMemoryBytes + _index.LinkMemoryBytes) / Math.Max(1, _index.LiveCount);

    public void Build(float[][] vectors)
    {
        DistanceKind distance = options.Score switch
        {
            ScoreKind.SquaredDistance => DistanceKind.SquaredEuclidean,
            ScoreKind.InnerProduct => DistanceKind.NegativeDot,
            _ => DistanceKind.NegativeCosine,
        };
        _index = VectorIndex.Create(new GraphParameters(
            vectors[0].Length, distance, options.M, options.EfConstruction, Seed, (uint)vectors.Length)
        { Codes = codes ?? GraphParameters.CodesFor(vectors[0].Length), UseHalves = useHalves });
        foreach (float[] vector in vectors)
        {
            using ScratchPool.Scope scope = _scratches.Rent();
            if (!_index.TryReserve(out uint ordinal))
            {
                throw new InvalidOperationException("The index is full.");
            }

            _index.Plan(ordinal, vector, scope.Scratch);
            _index.Commit(scope.Scratch);
        }
    }

    public int Search(ReadOnlySpan<float> query, int ef, Span<ulong> nearest)
    {
        using ScratchPool.Scope scope = _scratches.Rent();
        _index!.Search(query, new SearchEffort(nearest.Length, ef), null, scope.Scratch, CancellationToken.None);
        int count = Math.Min(nearest.Length, scope.Scratch.ResultCount);
        for (int i = 0; i < count; i++)
        {
            // Slots are handed out in order, so the ordinal is the row.
            nearest[i] = scope.Scratch.Result(i).Ordinal;
        }

        return count;
    }

    public void Dispose() => _index?.Dispose();
}
