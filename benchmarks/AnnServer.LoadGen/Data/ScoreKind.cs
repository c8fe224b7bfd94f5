namespace AnnServer.LoadGen.Data;

/// <summary>What a ground truth file holds beside the identifiers.</summary>
internal enum ScoreKind
{
    /// <summary>Smaller is nearer.</summary>
    SquaredDistance,
    InnerProduct,
    Cosine,
}
