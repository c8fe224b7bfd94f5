using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AnnServer.Core.Kernels;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;

namespace AnnServer.Benchmarks.Kernels;

/// <summary>
/// Nanoseconds per pair, one query against rows that stay in the first-level cache, laid out as the arena lays them out.
/// TensorPrimitives gets the unpadded dimension, the kernels the padded one, as in the server.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByParams, BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public unsafe class DistanceBenchmarks
{
    private const int Rows = 4;
    private const int Repeats = 64;
    private const int FloatsPerLine = 16;

    private float* _query;
    private float* _rows;
    private float* _distances;
    private int _stride;

    [Params(96, 100, 128, 256, 384, 768, 1536)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Allocate()
    {
        _stride = (Dimension + FloatsPerLine - 1) / FloatsPerLine * FloatsPerLine;
        _query = AllocateRows(1);
        _rows = AllocateRows(Rows);
        _distances = (float*)NativeMemory.AlignedAlloc(64, 64);
        var random = new Random(1);
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < Dimension; i++)
            {
                _query[i] = random.NextSingle();
                _rows[(row * _stride) + i] = random.NextSingle();
            }
        }
    }

    [GlobalCleanup]
    public void Free()
    {
        NativeMemory.AlignedFree(_query);
        NativeMemory.AlignedFree(_rows);
        NativeMemory.AlignedFree(_distances);
    }

    [Benchmark(OperationsPerInvoke = Rows * Repeats, Baseline = true)]
    [BenchmarkCategory("Euclidean")]
    public float TensorDistance()
    {
        var query = new ReadOnlySpan<float>(_query, Dimension);
        float sum = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            for (int row = 0; row < Rows; row++)
            {
                sum += TensorPrimitives.Distance(query, new ReadOnlySpan<float>(_rows + (row * _stride), Dimension));
            }
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Rows * Repeats)]
    [BenchmarkCategory("Euclidean")]
    public float SquaredEuclideanOne() => One<SquaredEuclidean>();

    [Benchmark(OperationsPerInvoke = Rows * Repeats)]
    [BenchmarkCategory("Euclidean")]
    public float SquaredEuclideanFour() => Four<SquaredEuclidean>();

    [Benchmark(OperationsPerInvoke = Rows * Repeats, Baseline = true)]
    [BenchmarkCategory("Dot")]
    public float TensorDot()
    {
        var query = new ReadOnlySpan<float>(_query, Dimension);
        float sum = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            for (int row = 0; row < Rows; row++)
            {
                sum += TensorPrimitives.Dot(query, new ReadOnlySpan<float>(_rows + (row * _stride), Dimension));
            }
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Rows * Repeats)]
    [BenchmarkCategory("Dot")]
    public float NegativeDotOne() => One<NegativeDot>();

    [Benchmark(OperationsPerInvoke = Rows * Repeats)]
    [BenchmarkCategory("Dot")]
    public float NegativeDotFour() => Four<NegativeDot>();

    private float One<TKernel>()
        where TKernel : struct, IDistanceKernel
    {
        float sum = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            for (int row = 0; row < Rows; row++)
            {
                sum += TKernel.Distance(_query, _rows + (row * _stride), _stride);
            }
        }

        return sum;
    }

    private float Four<TKernel>()
        where TKernel : struct, IDistanceKernel
    {
        float sum = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            TKernel.Distance4(
                _query, _rows, _rows + _stride, _rows + (2 * _stride), _rows + (3 * _stride), _stride, _distances);
            sum += _distances[0];
        }

        return sum;
    }

    private float* AllocateRows(int count)
    {
        nuint bytes = (nuint)(count * _stride * sizeof(float));
        float* rows = (float*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(rows, bytes);
        return rows;
    }
}
