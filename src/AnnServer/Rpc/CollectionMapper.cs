using AnnServer.Engine.Model;
using Google.Protobuf.Collections;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

internal static class CollectionMapper
{
    private const string AttributeTypes =
        "ATTRIBUTE_TYPE_KEYWORD, INT64, DOUBLE, BOOL, TIMESTAMP, KEYWORD_LIST, INT64_LIST, GEO_POINT, TEXT (all with the prefix)";

    public static CollectionConfig ToModel(Wire.CollectionConfig? config, Faults faults)
    {
        if (config is null)
        {
            faults.Add("config", "is missing");
            config = new Wire.CollectionConfig();
        }

        using Faults.Scope scope = faults.Within("config");
        HnswConfig defaults = new();
        return new CollectionConfig
        {
            Name = config.Name,
            Dimension = Clamp(config.Dimension),
            Metric = ToModel(config.Metric, faults),
            Hnsw = config.Hnsw is not { } hnsw ? defaults : new HnswConfig
            {
                M = hnsw.M == 0 ? defaults.M : Clamp(hnsw.M),
                EfConstruction = hnsw.EfConstruction == 0 ? defaults.EfConstruction : Clamp(hnsw.EfConstruction),
                Seed = hnsw.Seed == 0 ? defaults.Seed : hnsw.Seed,
            },
            Quantization = ToModel(config.Quantization, faults),
            VectorStorage = ToModel(config.VectorStorage, faults),
            VectorPlacement = ToModel(config.VectorPlacement, faults),
            Attributes = ToModel(config.Attributes, "attributes", faults),
        };
    }

    private static Quantization ToModel(Wire.Quantization quantization, Faults faults)
    {
        switch (quantization)
        {
            case Wire.Quantization.Unspecified:
                return Quantization.Automatic;
            case Wire.Quantization.None:
                return Quantization.None;
            case Wire.Quantization.Int8:
                return Quantization.Int8;
            case Wire.Quantization.Int4:
                return Quantization.Int4;
            default:
                faults.Add(
                    "quantization", $"has the unknown value {(int)quantization}; allowed: QUANTIZATION_NONE, QUANTIZATION_INT8, QUANTIZATION_INT4");
                return Quantization.None;
        }
    }

    private static VectorStorage ToModel(Wire.VectorStorage storage, Faults faults)
    {
        switch (storage)
        {
            case Wire.VectorStorage.Unspecified:
            case Wire.VectorStorage.Float32:
                return VectorStorage.Float32;
            case Wire.VectorStorage.Float16:
                return VectorStorage.Float16;
            default:
                faults.Add(
                    "vector_storage", $"has the unknown value {(int)storage}; allowed: VECTOR_STORAGE_FLOAT32, VECTOR_STORAGE_FLOAT16");
                return VectorStorage.Float32;
        }
    }

    private static VectorPlacement ToModel(Wire.VectorPlacement placement, Faults faults)
    {
        switch (placement)
        {
            case Wire.VectorPlacement.Unspecified:
            case Wire.VectorPlacement.Memory:
                return VectorPlacement.Memory;
            case Wire.VectorPlacement.Disk:
                return VectorPlacement.Disk;
            default:
                faults.Add(
                    "vector_placement", $"has the unknown value {(int)placement}; allowed: VECTOR_PLACEMENT_MEMORY, VECTOR_PLACEMENT_DISK");
                return VectorPlacement.Memory;
        }
    }

    public static IReadOnlyList<AttributeSchema> ToModel(RepeatedField<Wire.AttributeSchema> schemas, string field, Faults faults)
    {
        AttributeSchema[] model = new AttributeSchema[schemas.Count];
        for (int i = 0; i < model.Length; i++)
        {
            model[i] = new AttributeSchema(schemas[i].Name, ToModel(schemas[i].Type, $"{field}[{i}].type", faults));
        }

        return model;
    }

    public static Wire.CollectionInfo ToWire(CollectionInfo info) => new()
    {
        Config = ToWire(info.Config),
        State = (Wire.CollectionState)info.State,
        Points = (ulong)info.Points,
        DeletedSlots = (ulong)info.DeletedSlots,
        MaxLayer = (uint)info.MaxLayer,
        Memory = new Wire.MemoryUsage
        {
            Vectors = (ulong)info.Memory.Vectors,
            Codes = (ulong)info.Memory.Codes,
            Graph = (ulong)info.Memory.Graph,
            Ids = (ulong)info.Memory.Ids,
            Attributes = (ulong)info.Memory.Attributes,
            AttributeIndexes = (ulong)info.Memory.AttributeIndexes,
            Total = (ulong)info.Memory.Total,
        },
    };

    private static Wire.Quantization ToWire(Quantization quantization) => quantization switch
    {
        Quantization.Int8 => Wire.Quantization.Int8,
        Quantization.Int4 => Wire.Quantization.Int4,
        _ => Wire.Quantization.None,
    };

    private static Wire.CollectionConfig ToWire(CollectionConfig config)
    {
        Wire.CollectionConfig wire = new()
        {
            Name = config.Name,
            Dimension = (uint)config.Dimension,
            Metric = (Wire.Metric)config.Metric,
            Quantization = ToWire(config.Quantization),
            VectorStorage = config.VectorStorage == VectorStorage.Float16 ? Wire.VectorStorage.Float16 : Wire.VectorStorage.Float32,
            VectorPlacement = config.VectorPlacement == VectorPlacement.Disk ? Wire.VectorPlacement.Disk : Wire.VectorPlacement.Memory,
            Hnsw = new Wire.HnswConfig { M = (uint)config.Hnsw.M, EfConstruction = (uint)config.Hnsw.EfConstruction, Seed = config.Hnsw.Seed },
        };
        foreach (AttributeSchema schema in config.Attributes)
        {
            wire.Attributes.Add(new Wire.AttributeSchema { Name = schema.Name, Type = (Wire.AttributeType)schema.Type });
        }

        return wire;
    }

    // The enums of the engine have the numbers of the wire; a test compares them name by name.
    private static Metric ToModel(Wire.Metric metric, Faults faults)
    {
        if (Enum.IsDefined((Metric)metric))
        {
            return (Metric)metric;
        }

        faults.Add("metric", metric == Wire.Metric.Unspecified
            ? "is missing; set METRIC_L2, METRIC_COSINE or METRIC_DOT"
            : $"has the unknown value {(int)metric}; allowed: METRIC_L2, METRIC_COSINE, METRIC_DOT");
        return Metric.L2;
    }

    private static AttributeType ToModel(Wire.AttributeType type, string field, Faults faults)
    {
        if (Enum.IsDefined((AttributeType)type))
        {
            return (AttributeType)type;
        }

        faults.Add(field, type == Wire.AttributeType.Unspecified
            ? $"is missing; set one of {AttributeTypes}"
            : $"has the unknown value {(int)type}; allowed: {AttributeTypes}");
        return AttributeType.Keyword;
    }

    /// <summary>Keeps what does not fit beyond every limit, so that the engine refuses it by name.</summary>
    internal static int Clamp(uint value) => (int)Math.Min(value, int.MaxValue);
}
