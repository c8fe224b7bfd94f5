namespace AnnServer.Core.Kernels;

/// <summary>What distinguishes one sum-of-terms metric from another; <see cref="KernelLoops"/> holds everything else.</summary>
internal interface IDistanceTerm
{
    /// <summary>Adds the terms of <paramref name="a"/> and <paramref name="b"/> to <paramref name="sum"/>, lane by lane.</summary>
    static abstract TVector Accumulate<TLanes, TVector>(TVector sum, TVector a, TVector b)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct;

    /// <summary>Turns sums of terms into distances.</summary>
    static abstract TVector Finish<TLanes, TVector>(TVector sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct;
}
