using System.Buffers.Binary;

namespace AnnServer.LoadGen.Data;

/// <summary>A file of rows in the TEXMEX layout: every row is an int32 dimension, then that many elements.</summary>
internal sealed class TexmexFile
{
    private readonly byte[] _bytes;
    private readonly int _rowBytes;

    private TexmexFile(byte[] bytes, ElementType element, int dimension)
    {
        _bytes = bytes;
        Element = element;
        Dimension = dimension;
        _rowBytes = RowBytes(element, dimension);
        Count = bytes.Length / _rowBytes;
    }

    public ElementType Element { get; }

    public int Dimension { get; }

    public int Count { get; }

    /// <summary>The elements of one row, as they are stored.</summary>
    public ReadOnlySpan<byte> Row(int row) => _bytes.AsSpan((row * _rowBytes) + sizeof(int), _rowBytes - sizeof(int));

    public static TexmexFile Read(string path)
    {
        return Parse(File.ReadAllBytes(path), ElementOf(path), path);
    }

    /// <summary>Checks every row, so that a truncated or foreign file is refused before anything is sent.</summary>
    public static TexmexFile Parse(byte[] bytes, ElementType element, string name)
    {
        if (bytes.Length < sizeof(int))
            throw new InvalidDataException($"{name} is empty.");
        int dimension = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (dimension is <= 0 or > 1 << 20)
            throw new InvalidDataException($"{name} begins with dimension {dimension}.");
        int rowBytes = RowBytes(element, dimension);
        if (bytes.Length % rowBytes != 0)
            throw new InvalidDataException($"{name} is not made of whole rows of {rowBytes} bytes.");
        for (int offset = 0; offset < bytes.Length; offset += rowBytes)
        {
            int found = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset));
            if (found != dimension)
                throw new InvalidDataException($"{name} row {offset / rowBytes} has dimension {found}, the first has {dimension}.");
        }
        return new TexmexFile(bytes, element, dimension);
    }

    private static ElementType ElementOf(string path) => Path.GetExtension(path) switch
    {
        ".bvecs" => ElementType.UInt8,
        ".f16vecs" => ElementType.Float16,
        ".fvecs" => ElementType.Float32,
        ".ivecs" => ElementType.Int32,
        var other => throw new InvalidDataException($"{path}: expected .bvecs, .f16vecs, .fvecs or .ivecs, not '{other}'."),
    };

    private static int RowBytes(ElementType element, int dimension) => sizeof(int) + (dimension * element switch
    {
        ElementType.UInt8 => 1,
        ElementType.Float16 => 2,
        _ => 4,
    });
}
