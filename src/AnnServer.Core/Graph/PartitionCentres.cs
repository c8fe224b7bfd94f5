using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>The centres of the parts that points are divided into: what a search needs to choose among them.</summary>
internal sealed unsafe class PartitionCentres
{
    private readonly AlignedBuffer<byte> _codes = new();
    private readonly AlignedBuffer<float> _spreads = new();
    private readonly AlignedBuffer<int> _sizes = new();
    private readonly int _codeBytes;

    /// <param name="count">A multiple of 4, at least one.</param>
    /// <param name="codeBytes">Of the codes of a centre.</param>
    public PartitionCentres(int count, int codeBytes)
    {
        Count = count;
        _codeBytes = codeBytes;
        _codes.EnsureLength(checked(count * codeBytes));
        // Read sixteen at a time.
        _spreads.EnsureLength((count + 15) & -16);
        _sizes.EnsureLength(count);
    }

    public int Count { get; }

    /// <summary>Mean distance of the points of each part from its centre, from the origin on.</summary>
    public float* Spreads => _spreads.Pointer;

    /// <summary>Points of each part, those that have left it included.</summary>
    public int* Sizes => _sizes.Pointer;

    public long MemoryBytes => _codes.MemoryBytes + _spreads.MemoryBytes + _sizes.MemoryBytes;

    public byte* Code(int part) => _codes.Pointer + ((long)part * _codeBytes);

    /// <summary>Four centres, from a multiple of four on.</summary>
    public RowGroup Group(int first)
    {
        RowGroup group = default;
        for (int i = 0; i < RowGroup.Count; i++)
        {
            group[i] = Code(first + i);
        }

        return group;
    }

    /// <summary>Takes over the codes of others, as many and as long.</summary>
    public void CopyCodes(PartitionCentres others)
    {
        int bytes = Count * _codeBytes;
        new ReadOnlySpan<byte>(others._codes.Pointer, bytes).CopyTo(new Span<byte>(_codes.Pointer, bytes));
    }
}
