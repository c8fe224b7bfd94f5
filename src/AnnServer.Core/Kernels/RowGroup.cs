namespace AnnServer.Core.Kernels;

/// <summary>
/// Four rows, by their addresses, that are compared with blocks of queries, and what each is in a distance whichever query it is to, which
/// <see cref="QueryBlock"/> sets.
/// </summary>
internal unsafe struct RowGroup
{
    public const int Count = 4;

    /// <summary>Of rows of codes; other rows have neither.</summary>
    public fixed float Weights[Count];

    /// <summary>What the squares of its codes add.</summary>
    public fixed float Constants[Count];

    private fixed ulong _rows[Count];

    public byte* this[int row]
    {
        readonly get => (byte*)_rows[row];
        set => _rows[row] = (ulong)value;
    }
}
