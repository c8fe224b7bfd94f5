using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AnnServer.Core.Kernels;

/// <summary>
/// The loops of every metric and width. Vector i of a row always goes to accumulator i mod 4 and the accumulators are always
/// added in the same order, so one row gives the same bits alone and among four.
/// </summary>
/// <remarks>
/// The loops take four type parameters because C# cannot name a vector type as belonging to its width; nothing outside
/// this class sees them. Four accumulators a row cover the latency of a fused multiply-add (4 cycles) at one term a cycle,
/// which is all that two loads a cycle can feed. Four rows then take 16 accumulators: 32 registers hold them, and with the
/// 16 of AVX2 the spills cost 3 to 8 percent against two rows at a time, too little for a second loop. TensorPrimitives
/// loses to these loops at every dimension from 96 to 1536 (DistanceBenchmarks), so none calls it.
/// </remarks>
internal static unsafe class KernelLoops
{
    public static float Distance<TTerm, TElement>(float* query, TElement* row, int length)
        where TTerm : struct, IDistanceTerm
        where TElement : unmanaged
    {
        Debug.Assert(length >= 1);

        // Each width needs one full vector to re-read for its tail; shorter rows take the next narrower width.
        if (Vector512.IsHardwareAccelerated && length >= Lanes512.Count)
        {
            return Distance<TTerm, Lanes512, Vector512<float>, TElement>(query, row, length);
        }

        if (Vector256.IsHardwareAccelerated && length >= Lanes256.Count)
        {
            return Distance<TTerm, Lanes256, Vector256<float>, TElement>(query, row, length);
        }

        if (Vector128.IsHardwareAccelerated && length >= Lanes128.Count)
        {
            return Distance<TTerm, Lanes128, Vector128<float>, TElement>(query, row, length);
        }

        return Distance<TTerm, LanesScalar, float, TElement>(query, row, length);
    }

    public static void Distance4<TTerm, TElement>(
        float* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, int length, float* distances)
        where TTerm : struct, IDistanceTerm
        where TElement : unmanaged
    {
        Debug.Assert(length >= 1);
        if (Vector512.IsHardwareAccelerated && length >= Lanes512.Count)
        {
            Distance4<TTerm, Lanes512, Vector512<float>, TElement>(query, row0, row1, row2, row3, length, distances);
        }
        else if (Vector256.IsHardwareAccelerated && length >= Lanes256.Count)
        {
            Distance4<TTerm, Lanes256, Vector256<float>, TElement>(query, row0, row1, row2, row3, length, distances);
        }
        else if (Vector128.IsHardwareAccelerated && length >= Lanes128.Count)
        {
            Distance4<TTerm, Lanes128, Vector128<float>, TElement>(query, row0, row1, row2, row3, length, distances);
        }
        else
        {
            Distance4<TTerm, LanesScalar, float, TElement>(query, row0, row1, row2, row3, length, distances);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Distance<TTerm, TLanes, TVector, TElement>(float* query, TElement* row, int length)
        where TTerm : struct, IDistanceTerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TElement : unmanaged
    {
        TVector sum0 = default;
        TVector sum1 = default;
        TVector sum2 = default;
        TVector sum3 = default;
        int width = TLanes.Count;
        int rest = length;
        for (; rest >= 4 * width; rest -= 4 * width)
        {
            sum0 = TTerm.Accumulate<TLanes, TVector>(sum0, TLanes.Load(query), TLanes.Load(row));
            sum1 = TTerm.Accumulate<TLanes, TVector>(sum1, TLanes.Load(query + width), TLanes.Load(row + width));
            sum2 = TTerm.Accumulate<TLanes, TVector>(sum2, TLanes.Load(query + (2 * width)), TLanes.Load(row + (2 * width)));
            sum3 = TTerm.Accumulate<TLanes, TVector>(sum3, TLanes.Load(query + (3 * width)), TLanes.Load(row + (3 * width)));
            query += 4 * width;
            row += 4 * width;
        }

        if (rest >= width)
        {
            sum0 = TTerm.Accumulate<TLanes, TVector>(sum0, TLanes.Load(query), TLanes.Load(row));
            if (rest >= 2 * width)
            {
                sum1 = TTerm.Accumulate<TLanes, TVector>(sum1, TLanes.Load(query + width), TLanes.Load(row + width));
                if (rest >= 3 * width)
                {
                    sum2 = TTerm.Accumulate<TLanes, TVector>(sum2, TLanes.Load(query + (2 * width)), TLanes.Load(row + (2 * width)));
                }
            }
        }

        int tail = rest & (width - 1);
        if (tail != 0)
        {
            int last = rest - width;
            sum3 = TTerm.Accumulate<TLanes, TVector>(sum3, TLanes.LoadLast(query + last, tail), TLanes.LoadLast(row + last, tail));
        }

        float sum = TLanes.Sum(TLanes.Add(TLanes.Add(sum0, sum1), TLanes.Add(sum2, sum3)));
        return TTerm.Finish<LanesScalar, float>(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Distance4<TTerm, TLanes, TVector, TElement>(
        float* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, int length, float* distances)
        where TTerm : struct, IDistanceTerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TElement : unmanaged
    {
        // sumRC is accumulator C of row R.
        TVector sum00 = default;
        TVector sum01 = default;
        TVector sum02 = default;
        TVector sum03 = default;
        TVector sum10 = default;
        TVector sum11 = default;
        TVector sum12 = default;
        TVector sum13 = default;
        TVector sum20 = default;
        TVector sum21 = default;
        TVector sum22 = default;
        TVector sum23 = default;
        TVector sum30 = default;
        TVector sum31 = default;
        TVector sum32 = default;
        TVector sum33 = default;
        int width = TLanes.Count;
        int rest = length;
        for (; rest >= 4 * width; rest -= 4 * width)
        {
            Step<TTerm, TLanes, TVector, TElement>(ref sum00, ref sum10, ref sum20, ref sum30, query, row0, row1, row2, row3, 0);
            Step<TTerm, TLanes, TVector, TElement>(ref sum01, ref sum11, ref sum21, ref sum31, query, row0, row1, row2, row3, width);
            Step<TTerm, TLanes, TVector, TElement>(ref sum02, ref sum12, ref sum22, ref sum32, query, row0, row1, row2, row3, 2 * width);
            Step<TTerm, TLanes, TVector, TElement>(ref sum03, ref sum13, ref sum23, ref sum33, query, row0, row1, row2, row3, 3 * width);
            query += 4 * width;
            row0 += 4 * width;
            row1 += 4 * width;
            row2 += 4 * width;
            row3 += 4 * width;
        }

        if (rest >= width)
        {
            Step<TTerm, TLanes, TVector, TElement>(ref sum00, ref sum10, ref sum20, ref sum30, query, row0, row1, row2, row3, 0);
            if (rest >= 2 * width)
            {
                Step<TTerm, TLanes, TVector, TElement>(ref sum01, ref sum11, ref sum21, ref sum31, query, row0, row1, row2, row3, width);
                if (rest >= 3 * width)
                {
                    Step<TTerm, TLanes, TVector, TElement>(ref sum02, ref sum12, ref sum22, ref sum32, query, row0, row1, row2, row3, 2 * width);
                }
            }
        }

        int tail = rest & (width - 1);
        if (tail != 0)
        {
            int last = rest - width;
            TVector part = TLanes.LoadLast(query + last, tail);
            sum03 = TTerm.Accumulate<TLanes, TVector>(sum03, part, TLanes.LoadLast(row0 + last, tail));
            sum13 = TTerm.Accumulate<TLanes, TVector>(sum13, part, TLanes.LoadLast(row1 + last, tail));
            sum23 = TTerm.Accumulate<TLanes, TVector>(sum23, part, TLanes.LoadLast(row2 + last, tail));
            sum33 = TTerm.Accumulate<TLanes, TVector>(sum33, part, TLanes.LoadLast(row3 + last, tail));
        }

        Vector128<float> sums = TLanes.Sum4(
            TLanes.Add(TLanes.Add(sum00, sum01), TLanes.Add(sum02, sum03)),
            TLanes.Add(TLanes.Add(sum10, sum11), TLanes.Add(sum12, sum13)),
            TLanes.Add(TLanes.Add(sum20, sum21), TLanes.Add(sum22, sum23)),
            TLanes.Add(TLanes.Add(sum30, sum31), TLanes.Add(sum32, sum33)));
        TTerm.Finish<Lanes128, Vector128<float>>(sums).Store(distances);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TTerm, TLanes, TVector, TElement>(
        ref TVector sum0, ref TVector sum1, ref TVector sum2, ref TVector sum3,
        float* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, int at)
        where TTerm : struct, IDistanceTerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TElement : unmanaged
    {
        TVector part = TLanes.Load(query + at);
        sum0 = TTerm.Accumulate<TLanes, TVector>(sum0, part, TLanes.Load(row0 + at));
        sum1 = TTerm.Accumulate<TLanes, TVector>(sum1, part, TLanes.Load(row1 + at));
        sum2 = TTerm.Accumulate<TLanes, TVector>(sum2, part, TLanes.Load(row2 + at));
        sum3 = TTerm.Accumulate<TLanes, TVector>(sum3, part, TLanes.Load(row3 + at));
    }
}
