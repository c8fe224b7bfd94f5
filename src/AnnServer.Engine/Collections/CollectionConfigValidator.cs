using AnnServer.Core.Graph;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>What a collection may be. Adds every fault.</summary>
internal static class CollectionConfigValidator
{
    public const int MaxNameLength = 64;
    public const int MaxEfConstruction = 4096;

    public static void Check(CollectionConfig config, EngineLimits limits, Faults faults)
    {
        CheckName(config.Name, faults);
        if (config.Dimension < 1 || config.Dimension > limits.MaxDimension)
        {
            faults.Add("dimension", $"is {config.Dimension}; 1 to {limits.MaxDimension} are allowed");
        }

        if (!Enum.IsDefined(config.Metric))
        {
            faults.Add("metric", "is missing or unknown; METRIC_L2, METRIC_COSINE and METRIC_DOT are allowed");
        }

        if (!Enum.IsDefined(config.Quantization))
        {
            faults.Add("quantization", "is unknown; QUANTIZATION_NONE, QUANTIZATION_INT8 and QUANTIZATION_INT4 are allowed");
        }

        if (!Enum.IsDefined(config.VectorStorage))
        {
            faults.Add("vector_storage", "is unknown; VECTOR_STORAGE_FLOAT32 and VECTOR_STORAGE_FLOAT16 are allowed");
        }

        if (!Enum.IsDefined(config.VectorPlacement))
        {
            faults.Add("vector_placement", "is unknown; VECTOR_PLACEMENT_MEMORY and VECTOR_PLACEMENT_DISK are allowed");
        }
        else if (config.VectorPlacement == VectorPlacement.Disk && config.Resolve().Quantization == Quantization.None)
        {
            faults.Add(
                "vector_placement",
                "is VECTOR_PLACEMENT_DISK, for which there have to be codes in memory; set quantization to QUANTIZATION_INT8 or QUANTIZATION_INT4");
        }

        HnswConfig hnsw = config.Hnsw;
        if (hnsw.M is < GraphParameters.MinM or > GraphParameters.MaxM)
        {
            faults.Add("hnsw.m", $"is {hnsw.M}; {GraphParameters.MinM} to {GraphParameters.MaxM} are allowed");
        }

        if (hnsw.EfConstruction < hnsw.M || hnsw.EfConstruction > MaxEfConstruction)
        {
            faults.Add("hnsw.ef_construction", $"is {hnsw.EfConstruction}; m, here {hnsw.M}, to {MaxEfConstruction} are allowed");
        }

        SchemaRules.Check(config.Attributes, limits, faults);
    }

    private static void CheckName(string name, Faults faults)
    {
        bool fits = name.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(name[0]);
        foreach (char c in name)
        {
            fits &= char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';
        }

        if (!fits)
        {
            faults.Add(
                "name", $"must be 1 to {MaxNameLength} characters: an ASCII letter or digit, then letters, digits, '_', '-' and '.'");
        }
    }
}
