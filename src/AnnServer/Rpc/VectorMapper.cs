using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AnnServer.Engine.Model;
using Google.Protobuf;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

/// <summary>Vectors off and on the wire. Bytes are little-endian there and on every processor this server is built for.</summary>
internal static class VectorMapper
{
    public const string Missing = "is missing; set packed or values";
    public const string Both = "has both packed and values; set one of them";

    /// <summary>The elements as float32; empty, with the fault recorded under <paramref name="field"/>, where they cannot be read.</summary>
    public static ReadOnlyMemory<float> ToModel(Wire.Vector? vector, string field, Faults faults)
    {
        if (vector is null || (vector.Packed.IsEmpty && vector.Values.Count == 0))
        {
            faults.Add(field, Missing);
            return default;
        }

        if (!vector.Packed.IsEmpty && vector.Values.Count > 0)
        {
            faults.Add(field, Both);
            return default;
        }

        if (vector.Packed.IsEmpty)
        {
            float[] values = new float[vector.Values.Count];
            vector.Values.CopyTo(values, 0);
            return values;
        }

        float[] elements = new float[CountElements(vector.Packed.Span, vector.Format, out string? fault)];
        if (fault is not null)
        {
            faults.Add(field, fault);
        }

        Unpack(vector.Packed.Span, vector.Format, elements);
        return elements;
    }

    public static Wire.Vector ToWire(ReadOnlyMemory<float> vector) => new()
    {
        Packed = ByteString.CopyFrom(MemoryMarshal.AsBytes(vector.Span)),
        Format = Wire.VectorFormat.Float32,
    };

    /// <summary>How many elements the bytes hold; 0, with the fault, where they cannot be read.</summary>
    public static int CountElements(ReadOnlySpan<byte> packed, Wire.VectorFormat format, out string? fault)
    {
        int elementBytes = format switch
        {
            Wire.VectorFormat.Unspecified or Wire.VectorFormat.Float32 => sizeof(float),
            Wire.VectorFormat.Float16 => sizeof(ushort),
            Wire.VectorFormat.Int8 or Wire.VectorFormat.Uint8 => sizeof(byte),
            _ => 0,
        };
        fault = elementBytes == 0 ? $"has the unknown format {(int)format}"
            : packed.Length % elementBytes != 0
                ? $"has {packed.Length} packed bytes, which is not a multiple of the {elementBytes} bytes of one element"
                : null;
        return fault is null ? packed.Length / elementBytes : 0;
    }

    /// <summary>Reads as many elements as there is room for: those that <see cref="CountElements"/> has counted.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, Wire.VectorFormat format, Span<float> elements)
    {
        if (elements.IsEmpty)
        {
            return;
        }

        switch (format)
        {
            case Wire.VectorFormat.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(packed), elements);
                break;
            case Wire.VectorFormat.Int8:
                TensorPrimitives.ConvertTruncating<sbyte, float>(MemoryMarshal.Cast<byte, sbyte>(packed), elements);
                break;
            case Wire.VectorFormat.Uint8:
                TensorPrimitives.ConvertTruncating<byte, float>(packed, elements);
                break;
            default:
                MemoryMarshal.Cast<byte, float>(packed).CopyTo(elements);
                break;
        }
    }
}
