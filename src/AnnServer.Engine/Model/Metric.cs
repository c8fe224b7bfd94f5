namespace AnnServer.Engine.Model;

public enum Metric
{
    /// <summary>Euclidean distance; smaller is nearer.</summary>
    L2 = 1,

    /// <summary>Cosine similarity; greater is nearer.</summary>
    Cosine = 2,

    /// <summary>Inner product; greater is nearer.</summary>
    Dot = 3,
}
