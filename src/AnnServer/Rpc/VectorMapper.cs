using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AnnServer.Engine.Model;
using Google.Protobuf;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

/// <summary>Vectors off and on the wire. Bytes are little-endian there and on every processor this server is built for.</summary>
internal static class VectorMapper
{
    /// <summary>The elements as float32; empty, with the fault recorded under <paramref name="field"/>, where they cannot be read.</summary>
    public static ReadOnlyMemory<float> ToModel(Wire.Vector? vector, string field, Faults faults)
    {
        if (vector is null || (vector.Packed.IsEmpty && vector.Values.Count == 0))
        {
            faults.Add(field, "is missing; set packed or values");
        }
        else if (!vector.Packed.IsEmpty && vector.Values.Count > 0)
        {
            faults.Add(field, "has both packed and values; set one of them");
        }
        else if (vector.Packed.IsEmpty)
        {
            float[] elements = new float[vector.Values.Count];
            vector.Values.CopyTo(elements, 0);
            return elements;
        }
        else
        {
            return Unpack(vector.Packed.Span, vector.Format, field, faults);
        }

        return default;
    }

    public static Wire.Vector ToWire(ReadOnlyMemory<float> vector) => new()
    {
        Packed = ByteString.CopyFrom(MemoryMarshal.AsBytes(vector.Span)),
        Format = Wire.VectorFormat.Float32,
    };

    private static float[] Unpack(ReadOnlySpan<byte> packed, Wire.VectorFormat format, string field, Faults faults)
    {
        int elementBytes = format switch
        {
            Wire.VectorFormat.Unspecified or Wire.VectorFormat.Float32 => sizeof(float),
            Wire.VectorFormat.Float16 => sizeof(ushort),
            Wire.VectorFormat.Int8 or Wire.VectorFormat.Uint8 => sizeof(byte),
            _ => 0,
        };
        if (elementBytes == 0)
        {
            faults.Add(field, $"has the unknown format {(int)format}");
            return [];
        }

        if (packed.Length % elementBytes != 0)
        {
            faults.Add(field, $"has {packed.Length} packed bytes, which is not a multiple of the {elementBytes} bytes of one element");
            return [];
        }

        float[] elements = new float[packed.Length / elementBytes];
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

        return elements;
    }
}
