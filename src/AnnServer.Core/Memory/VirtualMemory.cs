using System.Runtime.InteropServices;

namespace AnnServer.Core.Memory;

/// <summary>Address space from the operating system: reserved in one piece, given memory as it is needed.</summary>
internal static unsafe partial class VirtualMemory
{
    private const int ProtNone = 0;
    private const int ProtReadWrite = 3;
    private const int MapPrivate = 2;
    private const int AdviseDontNeed = 4;
    private const int AdviseHugePage = 14;
    private const uint WindowsReserve = 0x2000;
    private const uint WindowsCommit = 0x1000;
    private const uint WindowsRelease = 0x8000;
    private const uint WindowsDecommit = 0x4000;
    private const uint WindowsNoAccess = 1;
    private const uint WindowsReadWrite = 4;

    // MAP_ANONYMOUS | MAP_NORESERVE: their values differ between Linux and the BSD family.
    private static readonly int AnonymousNoReserve = OperatingSystem.IsLinux() ? 0x20 | 0x4000 : 0x1000 | 0x40;

    /// <summary>Reserves addresses that cannot be touched yet. Costs no memory.</summary>
    /// <exception cref="InsufficientMemoryException">The address space has no such range left.</exception>
    public static byte* Reserve(nuint bytes)
    {
        void* address = OperatingSystem.IsWindows()
            ? VirtualAlloc(null, bytes, WindowsReserve, WindowsNoAccess)
            : MapMemory(null, bytes, ProtNone, MapPrivate | AnonymousNoReserve, -1, 0);
        if (address == null || (nint)address == -1)
        {
            throw new InsufficientMemoryException($"The system refused to reserve {bytes} bytes of address space.");
        }

        return (byte*)address;
    }

    /// <summary>Makes a reserved range usable; it reads as zeros until it is written.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no memory left to promise.</exception>
    public static void Commit(byte* address, nuint bytes)
    {
        bool done = OperatingSystem.IsWindows()
            ? VirtualAlloc(address, bytes, WindowsCommit, WindowsReadWrite) != null
            : ProtectMemory(address, bytes, ProtReadWrite) == 0;
        if (!done)
        {
            throw new InsufficientMemoryException($"The system refused to commit {bytes} bytes of memory.");
        }
    }

    /// <summary>Gives the memory of a range back and keeps its addresses, which cannot be touched until they are committed again.</summary>
    public static void Decommit(byte* address, nuint bytes)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = VirtualFree(address, bytes, WindowsDecommit);
        }
        else
        {
            _ = AdviseMemory(address, bytes, AdviseDontNeed);
            _ = ProtectMemory(address, bytes, ProtNone);
        }
    }

    /// <summary>Asks for 2 MiB pages. Only a hint: where it is refused the memory works all the same.</summary>
    public static void AdviseHugePages(byte* address, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = AdviseMemory(address, bytes, AdviseHugePage);
        }
    }

    public static void Release(byte* address, nuint bytes)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = VirtualFree(address, 0, WindowsRelease);
        }
        else
        {
            _ = UnmapMemory(address, bytes);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* MapMemory(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int ProtectMemory(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int AdviseMemory(void* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int UnmapMemory(void* address, nuint length);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial void* VirtualAlloc(void* address, nuint size, uint kind, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(void* address, nuint size, uint kind);
}
