namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>
/// Random numbers from a seed and a stream (SplitMix64), so that any row can be made alone, by any thread, in any order.
/// </summary>
internal struct SeededNormal(ulong seed, ulong stream)
{
    private ulong _state = Mix(seed + Mix(stream));
    private float _spare = float.NaN;

    /// <summary>Evenly from [0, 1).</summary>
    public double NextUniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Normal with mean 0 and deviation 1, by Box and Muller's transformation, which makes two at a time.</summary>
    public float NextNormal()
    {
        if (!float.IsNaN(_spare))
        {
            float spare = _spare;
            _spare = float.NaN;
            return spare;
        }
        float radius = MathF.Sqrt(-2 * MathF.Log(1 - (float)((NextBits() >> 40) * (1.0 / (1UL << 24)))));
        (float sine, float cosine) = MathF.SinCos(MathF.Tau * (float)NextUniform());
        _spare = radius * sine;
        return radius * cosine;
    }

    public void FillNormal(Span<float> values, float deviation)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = deviation * NextNormal();
    }

    private ulong NextBits() => Mix(_state += 0x9E3779B97F4A7C15);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
