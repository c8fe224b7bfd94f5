using System.Runtime.Intrinsics;

namespace AnnServer.Core.Kernels;

/// <summary>
/// One register width: the few operations the loops need. Written over an own interface because the base library keeps its
/// width abstraction to itself; this way each loop exists once instead of once per width.
/// </summary>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    static abstract int Count { get; }

    /// <summary>Loads <see cref="Count"/> elements, floats or finite halves.</summary>
    static abstract TVector Load<TElement>(TElement* source)
        where TElement : unmanaged;

    /// <summary>Loads <see cref="Count"/> elements and clears all but the last <paramref name="kept"/>.</summary>
    static abstract TVector LoadLast<TElement>(TElement* source, int kept)
        where TElement : unmanaged;

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    /// <summary>left * right + addend, fused exactly where the machine fuses in hardware.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    static abstract float Sum(TVector lanes);

    /// <summary>Four sums at once, added in the order of <see cref="Sum"/>.</summary>
    static abstract Vector128<float> Sum4(TVector lanes0, TVector lanes1, TVector lanes2, TVector lanes3);
}
