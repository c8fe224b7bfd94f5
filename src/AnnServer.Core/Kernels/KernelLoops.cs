using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AnnServer.Core.Kernels;

/// <summary>
/// The loops of every metric and width. Vector i of a row always goes to accumulator i mod 4 and the accumulators are always
/// added in the same order, so one row gives the same bits alone and among four.
/// </summary>
/// <remarks>
/// The loops take three type parameters because C# cannot name a vector type as belonging to its width; nothing outside
/// this class sees them. Four accumulators a row cover the latency of a fused multiply-add (4 cycles) at one term a cycle,
/// which is all that two loads a cycle can feed.
/// </remarks>
internal static unsafe class KernelLoops
{
    public static float Distance<TTerm>(float* a, float* b, int length)
        where TTerm : struct, IDistanceTerm
    {
        Debug.Assert(length >= 1);

        // Each width needs one full vector to re-read for its tail; shorter rows take the next narrower width.
        if (Vector512.IsHardwareAccelerated && length >= Lanes512.Count)
        {
            return Distance<TTerm, Lanes512, Vector512<float>>(a, b, length);
        }

        if (Vector256.IsHardwareAccelerated && length >= Lanes256.Count)
        {
            return Distance<TTerm, Lanes256, Vector256<float>>(a, b, length);
        }

        if (Vector128.IsHardwareAccelerated && length >= Lanes128.Count)
        {
            return Distance<TTerm, Lanes128, Vector128<float>>(a, b, length);
        }

        return Distance<TTerm, LanesScalar, float>(a, b, length);
    }

    public static void Distance4<TTerm>(
        float* query, float* row0, float* row1, float* row2, float* row3, int length, float* distances)
        where TTerm : struct, IDistanceTerm
    {
        Debug.Assert(length >= 1);
        Vector128<float> sums;
        if (Vector512.IsHardwareAccelerated && length >= Lanes512.Count)
        {
            sums = Sum4<TTerm, Lanes512, Vector512<float>>(query, row0, row1, row2, row3, length);
        }
        else if (Vector256.IsHardwareAccelerated && length >= Lanes256.Count)
        {
            sums = Sum4<TTerm, Lanes256, Vector256<float>>(query, row0, row1, row2, row3, length);
        }
        else if (Vector128.IsHardwareAccelerated && length >= Lanes128.Count)
        {
            sums = Sum4<TTerm, Lanes128, Vector128<float>>(query, row0, row1, row2, row3, length);
        }
        else
        {
            sums = Sum4<TTerm, LanesScalar, float>(query, row0, row1, row2, row3, length);
        }

        TTerm.Finish<Lanes128, Vector128<float>>(sums).Store(distances);
    }

    private static float Distance<TTerm, TLanes, TVector>(float* a, float* b, int length)
        where TTerm : struct, IDistanceTerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector sum0 = default;
        TVector sum1 = default;
        TVector sum2 = default;
        TVector sum3 = default;
        int width = TLanes.Count;
        int rest = length;
        for (; rest >= 4 * width; rest -= 4 * width)
        {
            sum0 = TTerm.Accumulate<TLanes, TVector>(sum0, TLanes.Load(a), TLanes.Load(b));
            sum1 = TTerm.Accumulate<TLanes, TVector>(sum1, TLanes.Load(a + width), TLanes.Load(b + width));
            sum2 = TTerm.Accumulate<TLanes, TVector>(sum2, TLanes.Load(a + (2 * width)), TLanes.Load(b + (2 * width)));
            sum3 = TTerm.Accumulate<TLanes, TVector>(sum3, TLanes.Load(a + (3 * width)), TLanes.Load(b + (3 * width)));
            a += 4 * width;
            b += 4 * width;
        }

        if (rest >= width)
        {
            sum0 = TTerm.Accumulate<TLanes, TVector>(sum0, TLanes.Load(a), TLanes.Load(b));
            if (rest >= 2 * width)
            {
                sum1 = TTerm.Accumulate<TLanes, TVector>(sum1, TLanes.Load(a + width), TLanes.Load(b + width));
                if (rest >= 3 * width)
                {
                    sum2 = TTerm.Accumulate<TLanes, TVector>(sum2, TLanes.Load(a + (2 * width)), TLanes.Load(b + (2 * width)));
                }
            }
        }

        int tail = rest & (width - 1);
        if (tail != 0)
        {
            int last = rest - width;
            sum3 = TTerm.Accumulate<TLanes, TVector>(sum3, TLanes.LoadLast(a + last, tail), TLanes.LoadLast(b + last, tail));
        }

        float sum = TLanes.Sum(TLanes.Add(TLanes.Add(sum0, sum1), TLanes.Add(sum2, sum3)));
        return TTerm.Finish<LanesScalar, float>(sum);
    }

    private static Vector128<float> Sum4<TTerm, TLanes, TVector>(
        float* query, float* row0, float* row1, float* row2, float* row3, int length)
        where TTerm : struct, IDistanceTerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        // Two rows at a time: eight accumulators fit the sixteen registers of AVX2 and SSE.
        Sum2<TTerm, TLanes, TVector>(query, row0, row1, length, out TVector sum0, out TVector sum1);
        Sum2<TTerm, TLanes, TVector>(query, row2, row3, length, out TVector sum2, out TVector sum3);
        return TLanes.Sum4(sum0, sum1, sum2, sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum2<TTerm, TLanes, TVector>(
        float* query, float* row0, float* row1, int length, out TVector sum0, out TVector sum1)
        where TTerm : struct, IDistanceTerm
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector sum00 = default;
        TVector sum01 = default;
        TVector sum02 = default;
        TVector sum03 = default;
        TVector sum10 = default;
        TVector sum11 = default;
        TVector sum12 = default;
        TVector sum13 = default;
        TVector part;
        int width = TLanes.Count;
        int rest = length;
        for (; rest >= 4 * width; rest -= 4 * width)
        {
            part = TLanes.Load(query);
            sum00 = TTerm.Accumulate<TLanes, TVector>(sum00, part, TLanes.Load(row0));
            sum10 = TTerm.Accumulate<TLanes, TVector>(sum10, part, TLanes.Load(row1));
            part = TLanes.Load(query + width);
            sum01 = TTerm.Accumulate<TLanes, TVector>(sum01, part, TLanes.Load(row0 + width));
            sum11 = TTerm.Accumulate<TLanes, TVector>(sum11, part, TLanes.Load(row1 + width));
            part = TLanes.Load(query + (2 * width));
            sum02 = TTerm.Accumulate<TLanes, TVector>(sum02, part, TLanes.Load(row0 + (2 * width)));
            sum12 = TTerm.Accumulate<TLanes, TVector>(sum12, part, TLanes.Load(row1 + (2 * width)));
            part = TLanes.Load(query + (3 * width));
            sum03 = TTerm.Accumulate<TLanes, TVector>(sum03, part, TLanes.Load(row0 + (3 * width)));
            sum13 = TTerm.Accumulate<TLanes, TVector>(sum13, part, TLanes.Load(row1 + (3 * width)));
            query += 4 * width;
            row0 += 4 * width;
            row1 += 4 * width;
        }

        if (rest >= width)
        {
            part = TLanes.Load(query);
            sum00 = TTerm.Accumulate<TLanes, TVector>(sum00, part, TLanes.Load(row0));
            sum10 = TTerm.Accumulate<TLanes, TVector>(sum10, part, TLanes.Load(row1));
            if (rest >= 2 * width)
            {
                part = TLanes.Load(query + width);
                sum01 = TTerm.Accumulate<TLanes, TVector>(sum01, part, TLanes.Load(row0 + width));
                sum11 = TTerm.Accumulate<TLanes, TVector>(sum11, part, TLanes.Load(row1 + width));
                if (rest >= 3 * width)
                {
                    part = TLanes.Load(query + (2 * width));
                    sum02 = TTerm.Accumulate<TLanes, TVector>(sum02, part, TLanes.Load(row0 + (2 * width)));
                    sum12 = TTerm.Accumulate<TLanes, TVector>(sum12, part, TLanes.Load(row1 + (2 * width)));
                }
            }
        }

        int tail = rest & (width - 1);
        if (tail != 0)
        {
            int last = rest - width;
            part = TLanes.LoadLast(query + last, tail);
            sum03 = TTerm.Accumulate<TLanes, TVector>(sum03, part, TLanes.LoadLast(row0 + last, tail));
            sum13 = TTerm.Accumulate<TLanes, TVector>(sum13, part, TLanes.LoadLast(row1 + last, tail));
        }

        sum0 = TLanes.Add(TLanes.Add(sum00, sum01), TLanes.Add(sum02, sum03));
        sum1 = TLanes.Add(TLanes.Add(sum10, sum11), TLanes.Add(sum12, sum13));
    }
}
