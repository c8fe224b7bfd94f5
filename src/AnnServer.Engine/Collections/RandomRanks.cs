using AnnServer.Core.Graph;

namespace AnnServer.Engine.Collections;

/// <summary>Draws numbers below a bound, none twice and every sequence of them as likely as any other.</summary>
internal static class RandomRanks
{
    /// <summary>As many as asked for, or all there are.</summary>
    public static int[] Draw(int count, int below, ulong seed)
    {
        // The first steps of a shuffle (Fisher and Yates) of all numbers; of those that have been moved the new place is remembered.
        int[] drawn = new int[Math.Min(count, below)];
        Dictionary<int, int> moved = [];
        ulong step = 0;
        for (int i = 0; i < drawn.Length; i++)
        {
            int chosen = i + (int)Next(seed, ref step, (uint)(below - i));
            drawn[i] = moved.GetValueOrDefault(chosen, chosen);
            moved[chosen] = moved.GetValueOrDefault(i, i);
        }

        return drawn;
    }

    // Each number below the bound is as likely as any other: numbers that would favour some are thrown away (Lemire, arXiv 1805.10941).
    private static uint Next(ulong seed, ref ulong step, uint below)
    {
        uint least = (uint)(((1UL << 32) - below) % below);
        while (true)
        {
            ulong product = (SplitMix64.At(seed, step++) >> 32) * below;
            if ((uint)product >= least)
            {
                return (uint)(product >> 32);
            }
        }
    }
}
