namespace AnnServer.Storage.Pages;

/// <summary>Names a page. What kinds and ordinals mean belongs to the caller.</summary>
/// <param name="Collection">Up to <see cref="MaxCollection"/>.</param>
/// <param name="Kind">Up to <see cref="MaxKind"/>.</param>
public readonly record struct PageKey(uint Collection, byte Kind, uint Ordinal)
{
    /// <summary>Greatest number of a collection.</summary>
    public const uint MaxCollection = (1u << 28) - 1;

    public const byte MaxKind = 15;

    /// <summary>The key as FASTER has it: 28 bits of collection, 4 of kind, 32 of ordinal.</summary>
    internal long Packed => ((long)Collection << 36) | ((long)Kind << 32) | Ordinal;

    internal static PageKey Of(long packed) => new((uint)((ulong)packed >> 36), (byte)((packed >> 32) & MaxKind), (uint)packed);
}
