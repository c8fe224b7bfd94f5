using System.Buffers.Binary;
using AnnServer.Engine.Model;
using AnnServer.Protocol.V1;
using AnnServer.Rpc;
using CsCheck;
using Google.Protobuf;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class VectorMapperTests
{
    [Fact]
    public void ToModel_Float32_IsLittleEndianBitForBit() => Gen.UInt.Array[1, 70].Sample(bits =>
    {
        byte[] packed = new byte[bits.Length * 4];
        for (int i = 0; i < bits.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(packed.AsSpan(i * 4), bits[i]);
        }

        float[] elements = Read(packed, VectorFormat.Float32);

        Assert.Equal(bits, elements.Select(BitConverter.SingleToUInt32Bits));
    });

    [Fact]
    public void ToModel_Float16_ConvertsEachElement() => Gen.UShort.Array[1, 70].Sample(bits =>
    {
        byte[] packed = new byte[bits.Length * 2];
        for (int i = 0; i < bits.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(packed.AsSpan(i * 2), bits[i]);
        }

        Assert.Equal(bits.Select(half => (float)BitConverter.UInt16BitsToHalf(half)), Read(packed, VectorFormat.Float16));
    });

    [Fact]
    public void ToModel_Bytes_AreSignedOrUnsignedAsTheFormatSays() => Gen.Byte.Array[1, 70].Sample(packed =>
    {
        Assert.Equal(packed.Select(element => (float)(sbyte)element), Read(packed, VectorFormat.Int8));
        Assert.Equal(packed.Select(element => (float)element), Read(packed, VectorFormat.Uint8));
    });

    [Fact]
    public void ToWire_Elements_ReadBackTheSame() => Gen.Float.Array[1, 70].Sample(elements =>
        Assert.Equal(elements, Read(VectorMapper.ToWire(elements).Packed.ToByteArray(), VectorMapper.ToWire(elements).Format)));

    private static float[] Read(byte[] packed, VectorFormat format)
    {
        Faults faults = new();
        ReadOnlyMemory<float> read = VectorMapper.ToModel(new Vector { Packed = ByteString.CopyFrom(packed), Format = format }, "vector", faults);
        Assert.False(faults.Any);
        return read.ToArray();
    }
}
