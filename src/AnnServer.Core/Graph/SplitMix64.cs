namespace AnnServer.Core.Graph;

/// <summary>A pseudo-random sequence whose members can be had in any order (Steele, Lea and Flood, Fast splittable generators, 2014).</summary>
public static class SplitMix64
{
    /// <summary>The member of the sequence of a seed at an index.</summary>
    public static ulong At(ulong seed, ulong index)
    {
        ulong z = seed + ((index + 1) * 0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
