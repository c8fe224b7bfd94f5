using System.Runtime.InteropServices;

namespace AnnServer.LoadGen.Data;

/// <summary>The vectors of a .bvecs, .f16vecs or .fvecs file. The identifier of a vector is its row number.</summary>
internal sealed class VectorFile
{
    private readonly TexmexFile _rows;

    public VectorFile(TexmexFile rows)
    {
        if (rows.Element == ElementType.Int32)
            throw new InvalidDataException("An .ivecs file holds identifiers, not vectors.");
        _rows = rows;
    }

    public int Count => _rows.Count;

    public int Dimension => _rows.Dimension;

    public ElementType Element => _rows.Element;

    public static VectorFile Read(string path) => new(TexmexFile.Read(path));

    /// <summary>The elements as they are stored.</summary>
    public ReadOnlySpan<byte> Packed(int row) => _rows.Row(row);

    public float[] ToSingles(int row)
    {
        float[] vector = new float[Dimension];
        CopyTo(row, vector);
        return vector;
    }

    public void CopyTo(int row, Span<float> destination)
    {
        ReadOnlySpan<byte> packed = _rows.Row(row);
        switch (Element)
        {
            case ElementType.UInt8:
                for (int i = 0; i < packed.Length; i++)
                    destination[i] = packed[i];
                break;
            case ElementType.Float16:
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(packed);
                for (int i = 0; i < halves.Length; i++)
                    destination[i] = (float)halves[i];
                break;
            default:
                MemoryMarshal.Cast<byte, float>(packed).CopyTo(destination);
                break;
        }
    }
}
