using System.Numerics.Tensors;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>What a point and a query vector must be. Adds every fault and changes nothing.</summary>
internal static class PointRules
{
    // Squares and products of vectors within these norms stay finite and normal in float32.
    private const double MaxNorm = 1e18;
    private const double MinCosineNorm = 1e-18;

    // The same for vectors that are kept as float16. The smallest normal one: below it what is left of a direction is noise.
    private const float MaxHalf = 65504;
    private const double MinHalfCosineNorm = 1.0 / (1 << 14);

    // Squared norms in float32 that leave no doubt.
    private const float LeastPlainSquares = 1e-30f;
    private const float GreatestPlainSquares = 1e30f;

    public static void CheckBatch(int count, string field, int limit, Faults faults)
    {
        if (count == 0)
        {
            faults.Add(field, "is empty; at least one is needed");
        }
        else if (count > limit)
        {
            faults.Add(field, $"has {count} entries; at most {limit} are allowed in one request");
        }
    }

    /// <summary>Checks a point and encodes its attributes; null where it has none, or has faults.</summary>
    public static byte[]? CheckPoint(Point point, CollectionConfig config, EngineLimits limits, Faults faults)
    {
        point.Id.Validate("id", faults);
        CheckVector(point.Vector.Span, config, faults);
        if (config.VectorStorage == VectorStorage.Float16)
        {
            CheckFitsHalves(point.Vector.Span, config, faults);
        }

        return point.Attributes.Count == 0
            ? null
            : AttributeRules.CheckAndEncode(point.Attributes, config.Attributes, limits, faults);
    }

    public static void CheckVector(ReadOnlySpan<float> vector, CollectionConfig config, Faults faults)
    {
        if (vector.Length != config.Dimension)
        {
            faults.Add("vector", $"has {vector.Length} elements; the collection has dimension {config.Dimension}");
            return;
        }

        // Far within every bound, as nearly all vectors are; not so where an element is not finite.
        float sum = TensorPrimitives.SumOfSquares(vector);
        if (sum is > LeastPlainSquares and < GreatestPlainSquares)
        {
            return;
        }

        double squares = 0;
        for (int i = 0; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i]))
            {
                faults.Add("vector", $"element {i} is {vector[i]}; every element must be finite");
                return;
            }

            squares += (double)vector[i] * vector[i];
        }

        double norm = Math.Sqrt(squares);
        if (norm > MaxNorm)
        {
            faults.Add("vector", $"has length {norm:g3}; at most {MaxNorm:g3} is allowed");
        }
        else if (config.Metric == Metric.Cosine && norm < MinCosineNorm)
        {
            faults.Add("vector", norm == 0
                ? "is zero, which has no direction; the metric is cosine"
                : $"has length {norm:g3}; at least {MinCosineNorm:g3} is needed under cosine");
        }
    }

    private static void CheckFitsHalves(ReadOnlySpan<float> vector, CollectionConfig config, Faults faults)
    {
        double squares = 0;
        for (int i = 0; i < vector.Length; i++)
        {
            if (float.IsFinite(vector[i]) && Math.Abs(vector[i]) > MaxHalf)
            {
                faults.Add("vector", $"element {i} is {vector[i]}; the collection keeps float16, of which {MaxHalf} is the greatest");
                return;
            }

            squares += (double)vector[i] * vector[i];
        }

        double norm = Math.Sqrt(squares);
        if (config.Metric == Metric.Cosine && norm is >= MinCosineNorm and < MinHalfCosineNorm)
        {
            faults.Add(
                "vector", $"has length {norm:g3}; at least {MinHalfCosineNorm:g3} is needed under cosine where the collection keeps float16");
        }
    }
}
