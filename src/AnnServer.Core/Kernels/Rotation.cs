using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Graph;

namespace AnnServer.Core.Kernels;

/// <summary>
/// A pseudo-random rotation of vectors, the same for one length and seed. Signs are flipped and a Walsh-Hadamard transform is taken of
/// the largest power of two of elements, at the front and then at the end. Where that is not the whole vector, elements change
/// places and both are done once more: else blocks that hardly overlap would keep to themselves what they hold. It keeps every
/// distance, and leaves elements that are alike in size whatever the vectors were, which is what makes a step of their root mean square
/// fit for all of them (Gao et al., RaBitQ, arXiv 2405.12497, section 3; Ailon and Chazelle's fast transform in place of a dense matrix).
/// Takes n log n additions; the result is the same at every register width.
/// </summary>
internal sealed unsafe class Rotation
{
    private const int Lanes = 16;

    private readonly int _length;
    private readonly int _block;

    // Of the transforms in order, with their norm taken out.
    private readonly float[][] _signs;

    // Every element is in one pair; none where nothing has to change places.
    private readonly int[] _pairs;

    /// <param name="length">Elements of a vector: at least, and a multiple of, sixteen.</param>
    public Rotation(int length, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, Lanes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % Lanes, 0);
        _length = length;
        _block = 1 << BitOperations.Log2((uint)length);
        _signs = new float[_block == length ? 2 : 4][];
        ulong drawn = 0;
        float unit = 1 / MathF.Sqrt(_block);
        for (int i = 0; i < _signs.Length; i++)
        {
            _signs[i] = new float[_block];
            foreach (ref float sign in _signs[i].AsSpan())
            {
                sign = (SplitMix64.At(seed, drawn++) & 1) == 0 ? unit : -unit;
            }
        }

        _pairs = _block == length ? [] : [.. Enumerable.Range(0, length)];
        for (int i = _pairs.Length - 1; i > 0; i--)
        {
            int other = (int)(SplitMix64.At(seed, drawn++) % (uint)(i + 1));
            (_pairs[i], _pairs[other]) = (_pairs[other], _pairs[i]);
        }
    }

    public void Apply(float* vector)
    {
        TransformEnds(vector, 0);
        if (_block < _length)
        {
            for (int i = 0; i < _pairs.Length; i += 2)
            {
                int one = _pairs[i];
                int other = _pairs[i + 1];
                (vector[one], vector[other]) = (vector[other], vector[one]);
            }

            TransformEnds(vector, 2);
        }
    }

    private void TransformEnds(float* vector, int first)
    {
        Transform(vector, _signs[first]);
        Transform(vector + _length - _block, _signs[first + 1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform(float* block, float[] signs)
    {
        int count = signs.Length;
        fixed (float* factors = signs)
        {
            for (int i = 0; i < count; i += Lanes)
            {
                Vector128<float> v0 = Within(Vector128.Load(block + i) * Vector128.Load(factors + i));
                Vector128<float> v1 = Within(Vector128.Load(block + i + 4) * Vector128.Load(factors + i + 4));
                Vector128<float> v2 = Within(Vector128.Load(block + i + 8) * Vector128.Load(factors + i + 8));
                Vector128<float> v3 = Within(Vector128.Load(block + i + 12) * Vector128.Load(factors + i + 12));
                (v0, v1, v2, v3) = (v0 + v1, v0 - v1, v2 + v3, v2 - v3);
                (v0 + v2).Store(block + i);
                (v1 + v3).Store(block + i + 4);
                (v0 - v2).Store(block + i + 8);
                (v1 - v3).Store(block + i + 12);
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

    /// <summary>
    /// The steps of the transform within a vector: elements 1 and then 2 apart become sum and difference. Of 128 bits, since wider
    /// vectors are not shuffled by the processor everywhere.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Within(Vector128<float> v)
    {
        v = Vector128.Shuffle(v, Vector128.Create(1, 0, 3, 2)) + (v ^ Vector128.Create(0f, -0f, 0f, -0f));
        return Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)) + (v ^ Vector128.Create(0f, 0f, -0f, -0f));
    }
}
