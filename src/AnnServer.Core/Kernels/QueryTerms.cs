namespace AnnServer.Core.Kernels;

/// <summary>
/// What follows the codes of a query, and what a distance is made of besides the sums over codes: constant + squares factor
/// (row weight)^2 (sum of squares of the row) - weight (row weight) (dot - bias). What dot and bias count, the kernel knows.
/// </summary>
internal struct QueryTerms
{
    public float Weight;
    public float Constant;
    public float SquaresFactor;
    public int Bias;

    /// <summary>The negated dot product with a query whose codes have a weight.</summary>
    public static QueryTerms NegativeDot(float weight, int bias) => new() { Weight = weight, Bias = bias };

    /// <summary>The squared distance to a query with a sum of the squares of its codes.</summary>
    public static QueryTerms SquaredEuclidean(float weight, int squares, int bias) =>
        new() { Weight = 2 * weight, Constant = weight * weight * squares, SquaresFactor = 1, Bias = bias };
}
