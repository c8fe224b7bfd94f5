using System.Runtime.CompilerServices;

namespace AnnServer.Core.Search;

/// <summary>When a walk ends.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Width">Candidates kept: it ends when all of them have been expanded.</param>
/// <param name="Slack">It ends before, when what is left is farther than the k nearest found by this factor; infinite to never.</param>
/// <param name="Origin">The distance that counts as none for the factor.</param>
/// <param name="Budget">Distances after which a walk with a filter is given up.</param>
internal readonly record struct WalkLimits(int K, int Width, float Slack, float Origin, long Budget)
{
    /// <summary>
    /// Beyond this distance nothing needs to be expanded (the adaptive rule of Al-Jazzazi et al., arXiv 2505.15636): a query with many
    /// points about as near as its k nearest looks at many, one whose nearest stand apart at few.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Reach(CandidatePool nearest) => float.IsPositiveInfinity(Slack) || nearest.Count < K
        ? float.PositiveInfinity
        : Origin + (Math.Max(0, nearest[K - 1].Distance - Origin) * Slack);
}
