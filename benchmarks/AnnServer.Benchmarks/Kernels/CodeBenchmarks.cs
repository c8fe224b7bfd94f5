using System.Runtime.InteropServices;
using AnnServer.Core.Graph;
using AnnServer.Core.Kernels;
using BenchmarkDotNet.Attributes;

namespace AnnServer.Benchmarks.Kernels;

/// <summary>Nanoseconds per pair, one query against rows of codes that stay in the first-level cache, four at a time.</summary>
public unsafe class CodeBenchmarks
{
    private const int Rows = 4;
    private const int Repeats = 64;

    private byte* _query;
    private byte* _rows;
    private float* _distances;

    [Params(128, 768, 1536)]
    public int Dimension { get; set; }

    [Params(DistanceKind.SquaredEuclidean, DistanceKind.NegativeDot)]
    public DistanceKind Distance { get; set; }

    [GlobalCleanup]
    public void Free()
    {
        NativeMemory.AlignedFree(_query);
        NativeMemory.AlignedFree(_rows);
        NativeMemory.AlignedFree(_distances);
    }

    [GlobalSetup(Target = nameof(Int8))]
    public void EncodeInt8()
    {
        Allocate();
        var random = new Random(1);
        for (int row = 0; row < Rows; row++)
        {
            CodeKernel.Encode(Vector(random), Distance, _rows + (row * Dimension), Dimension);
        }

        CodeKernel.Prepare(_rows, Distance, _query, Dimension);
    }

    [GlobalSetup(Target = nameof(Int4))]
    public void EncodeInt4()
    {
        Allocate();
        var random = new Random(1);
        for (int row = 0; row < Rows; row++)
        {
            NibbleKernel.Encode(Vector(random), _rows + (row * Dimension / 2));
        }

        NibbleKernel.Prepare(Vector(random), Distance, _query);
    }

    [Benchmark(OperationsPerInvoke = Rows * Repeats)]
    public float Int8()
    {
        float sum = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            CodeKernel.Distance4(
                _query, _rows, _rows + Dimension, _rows + (2 * Dimension), _rows + (3 * Dimension), Dimension, _distances);
            sum += _distances[0];
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Rows * Repeats)]
    public float Int4()
    {
        int bytes = NibbleKernel.RowBytes(Dimension);
        float sum = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            NibbleKernel.Distance4(_query, _rows, _rows + bytes, _rows + (2 * bytes), _rows + (3 * bytes), Dimension, _distances);
            sum += _distances[0];
        }

        return sum;
    }

    private void Allocate()
    {
        _query = (byte*)NativeMemory.AlignedAlloc((nuint)CodeKernel.QueryBytes(Dimension), 64);
        _rows = (byte*)NativeMemory.AlignedAlloc((nuint)(Rows * Dimension), 64);
        _distances = (float*)NativeMemory.AlignedAlloc(64, 64);
    }

    private float[] Vector(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => random.NextSingle() - 0.5f)];
}
