using System.Buffers.Binary;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;
using CsCheck;

namespace AnnServer.LoadGen.Tests;

public sealed class VectorFileTests
{
    [Fact]
    public void Parse_Bvecs_GivesEveryRow()
    {
        VectorFile file = new(TexmexFile.Parse(Rows([[1, 255], [0, 7]]), ElementType.UInt8, "x"));

        Assert.Equal((2, 2), (file.Count, file.Dimension));
        Assert.Equal([1f, 255f], file.ToSingles(0));
        Assert.Equal([0f, 7f], file.ToSingles(1));
        Assert.Equal(VectorFormat.Uint8, PackedVectors.FromRow(file, 1).Format);
    }

    [Fact]
    public void PackedVectors_AnyRow_LosesNothing()
    {
        Gen.Float.Select(x => (Half)x).Array[1, 20].Sample(elements =>
        {
            byte[] row = new byte[elements.Length * 2];
            for (int i = 0; i < elements.Length; i++)
                BinaryPrimitives.WriteHalfLittleEndian(row.AsSpan(i * 2), elements[i]);
            VectorFile file = new(TexmexFile.Parse(Row(elements.Length, row), ElementType.Float16, "x"));

            Vector vector = PackedVectors.FromRow(file, 0);

            Assert.Equal(VectorFormat.Float16, vector.Format);
            Assert.Equal(row, vector.Packed.ToByteArray());
            Assert.Equal(elements.Select(x => (float)x), PackedVectors.ToSingles(vector));
        }, iter: 200);
    }

    [Fact]
    public void PackedVectors_Singles_RoundTrip()
    {
        Gen.Float.Array[1, 20].Sample(
            elements => Assert.Equal(elements, PackedVectors.ToSingles(PackedVectors.FromSingles(elements))), iter: 200);
    }

    [Fact]
    public void Parse_TruncatedFile_Throws()
    {
        byte[] bytes = Rows([[1, 2], [3, 4]])[..^1];

        Assert.Throws<InvalidDataException>(() => TexmexFile.Parse(bytes, ElementType.UInt8, "x"));
    }

    [Fact]
    public void Parse_RowOfAnotherDimension_Throws()
    {
        byte[] bytes = Rows([[1, 2], [3, 4]]);
        bytes[6] = 3;

        Assert.Throws<InvalidDataException>(() => TexmexFile.Parse(bytes, ElementType.UInt8, "x"));
    }

    [Fact]
    public void Parse_EmptyFile_Throws()
    {
        Assert.Throws<InvalidDataException>(() => TexmexFile.Parse([], ElementType.Float32, "x"));
    }

    internal static byte[] Rows(byte[][] rows) => [.. rows.SelectMany(row => Row(row.Length, row))];

    internal static byte[] Row(int dimension, byte[] elements)
    {
        byte[] bytes = new byte[4 + elements.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, dimension);
        elements.CopyTo(bytes, 4);
        return bytes;
    }
}
