using System.Diagnostics;

namespace AnnServer.Core.Memory;

/// <summary>
/// Rows of one size, addressed by number, in one range of reserved address space. Growing gives memory to more of the range
/// and moves nothing, so a row's address holds for the life of the arena and readers need no lock.
/// One thread at a time may call <see cref="EnsureRows"/>; <see cref="Dispose"/> only when no thread reads any more.
/// </summary>
internal sealed unsafe class RowArena : IDisposable
{
    private const nuint HugePageBytes = 2 << 20;
    private const nuint SmallestStep = 64 << 10;
    private const nuint LargestStep = 64 << 20;

    private readonly byte* _mapping;
    private readonly nuint _mappingBytes;
    private readonly nuint _capacity;
    private nuint _committed;
    private bool _disposed;

    /// <param name="rowBytes">Bytes from one row to the next.</param>
    /// <param name="maxRows">Rows the range is reserved for.</param>
    public RowArena(int rowBytes, uint maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowBytes);
        RowBytes = rowBytes;
        MaxRows = maxRows;
        _capacity = RoundUp((nuint)rowBytes * maxRows, HugePageBytes);
        _mappingBytes = _capacity + HugePageBytes;
        _mapping = VirtualMemory.Reserve(_mappingBytes);
        Base = (byte*)RoundUp((nuint)_mapping, HugePageBytes);
    }

    /// <summary>Address of row 0, on a 2 MiB boundary.</summary>
    public byte* Base { get; }

    public int RowBytes { get; }

    public uint MaxRows { get; }

    /// <summary>Bytes that can be touched: an upper bound of the memory in use.</summary>
    public long CommittedBytes => (long)_committed;

    public byte* Row(uint row)
    {
        Debug.Assert((nuint)(row + 1UL) * (nuint)RowBytes <= _committed, "The row has no memory yet.");
        return Base + ((nuint)row * (nuint)RowBytes);
    }

    /// <summary>Makes rows 0 to <paramref name="rows"/> - 1 usable; new ones are zero.</summary>
    public void EnsureRows(uint rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MaxRows);
        nuint needed = (nuint)rows * (nuint)RowBytes;
        if (needed <= _committed)
        {
            return;
        }

        nuint step = Math.Clamp(_committed / 4, SmallestStep, LargestStep);
        nuint target = RoundUp(Math.Max(needed, _committed + step), SmallestStep);
        if (target > HugePageBytes)
        {
            target = RoundUp(target, HugePageBytes);
        }

        target = Math.Min(target, _capacity);
        if (target > HugePageBytes)
        {
            // The first 2 MiB keep small pages, so that a small collection stays small; the rest is advised before first touch.
            nuint from = Math.Max(_committed & ~(HugePageBytes - 1), HugePageBytes);
            VirtualMemory.AdviseHugePages(Base + from, target - from);
        }

        VirtualMemory.Commit(Base + _committed, target - _committed);
        _committed = target;
    }

    /// <summary>Gives all memory back to the system. One thread at a time, as for growing; nobody reads any row.</summary>
    public void Clear()
    {
        if (_committed > 0)
        {
            VirtualMemory.Decommit(Base, _committed);
            _committed = 0;
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            VirtualMemory.Release(_mapping, _mappingBytes);
        }
    }

    private static nuint RoundUp(nuint value, nuint multiple) => (value + multiple - 1) / multiple * multiple;
}
