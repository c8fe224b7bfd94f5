namespace AnnServer.Engine;

/// <content>The disk and the memory that it uses.</content>
public sealed partial class Database
{
    /// <summary>Why writes are refused until the disk has more space, or null. Read a few times a second at most.</summary>
    public string? DiskShortage => _context.Log.Disk.Shortage();

    /// <summary>Bytes free on the disk; 0 where they cannot be read.</summary>
    public long FreeDiskBytes => _context.Log.Disk.FreeBytes;

    /// <summary>Why writes that take memory are refused until the process takes less, or null. Read a few times a second at most.</summary>
    public string? MemoryShortage => _context.Memory.Shortage();

    /// <summary>Memory that the process takes.</summary>
    public long ProcessMemoryBytes => _context.Memory.Used;

    /// <summary>See <see cref="DatabaseOptions.MemoryLimitBytes"/>; a new one holds from the next write on.</summary>
    public long MemoryLimitBytes
    {
        get => _context.Memory.Limit;
        set => _context.Memory.Limit = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "At least 0.");
    }

    /// <summary>Bytes that <see cref="DatabaseOptions.FilterCacheBytes"/> limits.</summary>
    public long FilterCacheBytes => _context.Filters.Bytes;

    /// <summary>Memory that the log may take for what is on its way to the disk.</summary>
    public long LogMemoryBytes => _context.Log.MemoryBytes;

    /// <summary>Memory that the page store takes for pages on their way to the disk and for finding them; none before the first checkpoint.</summary>
    public long PageStoreMemoryBytes => _pages.MemoryBytes;

    /// <summary>Memory used for vectors that are kept on disk and are not there yet.</summary>
    public long VectorMemoryUsed => _context.Disk.Memory.Used;

    /// <summary>See <see cref="DatabaseOptions.VectorMemoryBytes"/>.</summary>
    public long VectorMemoryLimit => _context.Disk.Memory.Limit;

    /// <summary>Vectors read from the disk so far; those that the system had in memory do not count.</summary>
    public long VectorsRead => _context.Disk.Images.DiskReads;
}
