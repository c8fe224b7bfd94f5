using System.Text.Json;
using System.Text.Json.Serialization;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>The stored form of a collection's configuration: JSON, so that a later version can add to it.</summary>
internal static partial class ConfigCodec
{
    public static byte[] Encode(CollectionConfig config) => JsonSerializer.SerializeToUtf8Bytes(config, Context.Default.CollectionConfig);

    /// <exception cref="InvalidDataException">The bytes are not a configuration that this version knows.</exception>
    public static CollectionConfig Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            CollectionConfig config = JsonSerializer.Deserialize(bytes, Context.Default.CollectionConfig)
                ?? throw new InvalidDataException("The configuration of a collection is empty.");
            // Members that are absent come out null whatever their initializers say.
            config = config with { Hnsw = config.Hnsw ?? new HnswConfig(), Attributes = config.Attributes ?? [] };
            // The serializer checks members against null, but not elements.
            return config.Attributes.Contains(null!)
                ? throw new InvalidDataException("The configuration of a collection has an attribute that is null.")
                : config;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"The configuration of a collection cannot be read: {error.Message}", error);
        }
    }

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        UseStringEnumConverter = true)]
    [JsonSerializable(typeof(CollectionConfig))]
    private sealed partial class Context : JsonSerializerContext;
}
