using System.Runtime.InteropServices;
using AnnServer.LoadGen.Data;
using AnnServer.Protocol.V1;
using Google.Protobuf;

namespace AnnServer.LoadGen.Wire;

/// <summary>Vectors in the smallest wire form that loses nothing.</summary>
internal static class PackedVectors
{
    public static Vector FromRow(VectorFile file, int row) => new()
    {
        Packed = ByteString.CopyFrom(file.Packed(row)),
        Format = FormatOf(file.Element),
    };

    public static Vector FromSingles(ReadOnlySpan<float> vector) => new()
    {
        Packed = ByteString.CopyFrom(MemoryMarshal.AsBytes(vector)),
        Format = VectorFormat.Float32,
    };

    /// <summary>The elements of a vector that the server returned, in whichever form it chose.</summary>
    public static float[] ToSingles(Vector vector)
    {
        if (vector.Packed.IsEmpty)
            return [.. vector.Values];
        ReadOnlySpan<byte> packed = vector.Packed.Span;
        return vector.Format switch
        {
            VectorFormat.Uint8 => Widen(packed),
            VectorFormat.Int8 => WidenSigned(packed),
            VectorFormat.Float16 => WidenHalves(MemoryMarshal.Cast<byte, Half>(packed)),
            _ => MemoryMarshal.Cast<byte, float>(packed).ToArray(),
        };
    }

    private static VectorFormat FormatOf(ElementType element) => element switch
    {
        ElementType.UInt8 => VectorFormat.Uint8,
        ElementType.Float16 => VectorFormat.Float16,
        ElementType.Float32 => VectorFormat.Float32,
        _ => throw new ArgumentOutOfRangeException(nameof(element), element, "Not the element of a vector."),
    };

    private static float[] Widen(ReadOnlySpan<byte> elements)
    {
        float[] result = new float[elements.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = elements[i];
        return result;
    }

    private static float[] WidenSigned(ReadOnlySpan<byte> elements)
    {
        float[] result = new float[elements.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = (sbyte)elements[i];
        return result;
    }

    private static float[] WidenHalves(ReadOnlySpan<Half> elements)
    {
        float[] result = new float[elements.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = (float)elements[i];
        return result;
    }
}
