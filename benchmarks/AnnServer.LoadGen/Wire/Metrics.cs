using AnnServer.LoadGen.Data;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Wire;

/// <summary>Metrics as the command line, the wire and the ground truth name them.</summary>
internal static class Metrics
{
    public static Metric Parse(string name) => name switch
    {
        "l2" => Metric.L2,
        "cosine" => Metric.Cosine,
        "dot" or "ip" => Metric.Dot,
        _ => throw new FormatException($"'{name}' is not a metric: l2, cosine or dot."),
    };

    public static Quantization ParseQuantization(string name) => name switch
    {
        "automatic" => Quantization.Unspecified,
        "none" => Quantization.None,
        "int8" => Quantization.Int8,
        "int4" => Quantization.Int4,
        _ => throw new FormatException($"'{name}' is not a quantization: automatic, none, int8 or int4."),
    };

    public static VectorStorage ParseStorage(string name) => name switch
    {
        "float32" => VectorStorage.Float32,
        "float16" => VectorStorage.Float16,
        _ => throw new FormatException($"'{name}' is not a vector storage: float32 or float16."),
    };

    public static VectorPlacement ParsePlacement(string name) => name switch
    {
        "memory" => VectorPlacement.Memory,
        "disk" => VectorPlacement.Disk,
        _ => throw new FormatException($"'{name}' is not a vector placement: memory or disk."),
    };

    public static Durability ParseDurability(string name) => name switch
    {
        "fsynced" => Durability.Fsynced,
        "logged" => Durability.Logged,
        "memory" => Durability.Memory,
        _ => throw new FormatException($"'{name}' is not a durability: fsynced, logged or memory."),
    };

    public static ScoreKind ScoreOf(Metric metric) => metric switch
    {
        Metric.L2 => ScoreKind.SquaredDistance,
        Metric.Cosine => ScoreKind.Cosine,
        Metric.Dot => ScoreKind.InnerProduct,
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "Not a metric."),
    };

    /// <summary>The score that the server reports: for L2 the distance itself, not its square.</summary>
    public static double ToServerScore(Metric metric, double exact) => metric == Metric.L2 ? Math.Sqrt(exact) : exact;
}
