namespace AnnServer.Core.Graph;

/// <summary>What the graph minimises.</summary>
public enum DistanceKind
{
    /// <summary>Squared Euclidean distance.</summary>
    SquaredEuclidean,

    /// <summary>The inner product, negated.</summary>
    NegativeDot,

    /// <summary>The cosine of the angle, negated. Vectors are kept as they were given, with their inverse norm beside them.</summary>
    NegativeCosine,
}
