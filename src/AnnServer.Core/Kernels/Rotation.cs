using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AnnServer.Core.Kernels;

/// <summary>
/// A pseudo-random rotation of vectors, the same for one length and seed: twice, signs are flipped and a Walsh-Hadamard transform
/// is taken of the largest power of two of elements, first of those at the front and then of those at the end. It keeps every
/// distance, and leaves elements that are alike in size whatever the vectors were, which is what makes a step of their root mean
/// square fit for all of them (Gao et al., RaBitQ, arXiv 2405.12497, section 3; Ailon and Chazelle's fast transform in place of a
/// dense matrix). Takes n log n additions; the result is the same at every register width.
/// </summary>
internal sealed unsafe class Rotation
{
    private const int Lanes = 16;

    private readonly int _length;
    private readonly float[] _front;
    private readonly float[] _end;

    /// <param name="length">Elements of a vector: at least, and a multiple of, sixteen.</param>
    public Rotation(int length, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, Lanes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % Lanes, 0);
        _length = length;
        int block = 1 << System.Numerics.BitOperations.Log2((uint)length);
        ulong state = seed;
        _front = Signs(block, ref state);
        _end = Signs(block, ref state);
    }

    public void Apply(float* vector)
    {
        Transform(vector, _front);
        Transform(vector + _length - _end.Length, _end);
    }

    // SplitMix64 (Steele, Lea and Flood, 2014): one word for 64 signs. The transform's norm is taken out here.
    private static float[] Signs(int count, ref ulong state)
    {
        float[] signs = new float[count];
        float unit = 1 / MathF.Sqrt(count);
        ulong word = 0;
        for (int i = 0; i < count; i++)
        {
            if (i % 64 == 0)
            {
                state += 0x9E3779B97F4A7C15;
                word = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
                word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
                word ^= word >> 31;
            }

            signs[i] = (word >> (i % 64) & 1) == 0 ? unit : -unit;
        }

        return signs;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform(float* block, float[] signs)
    {
        int count = signs.Length;
        fixed (float* factors = signs)
        {
            for (int i = 0; i < count; i += Lanes)
            {
                Vector512<float> lanes = Vector512.Load(block + i) * Vector512.Load(factors + i);
                lanes = Butterfly(lanes, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14), 1);
                lanes = Butterfly(lanes, Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13), 2);
                lanes = Butterfly(lanes, Vector512.Create(4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11), 4);
                lanes = Butterfly(lanes, Vector512.Create(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7), 8);
                lanes.Store(block + i);
            }
        }

        for (int half = Lanes; half < count; half *= 2)
        {
            for (int start = 0; start < count; start += 2 * half)
            {
                for (int i = start; i < start + half; i += Lanes)
                {
                    var low = Vector512.Load(block + i);
                    var high = Vector512.Load(block + i + half);
                    (low + high).Store(block + i);
                    (low - high).Store(block + i + half);
                }
            }
        }
    }

    /// <summary>The step of the transform within a vector: each lane and the one <paramref name="half"/> away become sum and difference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Butterfly(Vector512<float> lanes, Vector512<int> partners, int half)
    {
        Vector512<float> isUpper = Vector512.Equals(Vector512<int>.Indices & Vector512.Create(half), Vector512.Create(half)).AsSingle();
        Vector512<float> minus = isUpper & Vector512.Create(-0f);
        return Vector512.Shuffle(lanes, partners) + (lanes ^ minus);
    }
}
