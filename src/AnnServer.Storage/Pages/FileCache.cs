using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AnnServer.Storage.Pages;

/// <summary>
/// What Linux can say and be told of the file pages that it keeps in memory, which .NET has no call for. Elsewhere nothing is known to
/// be in memory and nothing is read ahead.
/// </summary>
internal static unsafe partial class FileCache
{
    private const int AdviseRandom = 1;
    private const int AdviseWillNeed = 3;
    private const int NoWait = 8;

    private const int NoSuchCall = 38;
    private const int NotSupported = 95;

    // Cleared where the C library, the kernel or the file system does not know the call.
    private static volatile bool _canRead = OperatingSystem.IsLinux();

    /// <summary>Reads bytes that are in memory; false where any of them would have to be waited for.</summary>
    public static bool TryRead(SafeFileHandle file, long offset, Span<byte> destination)
    {
        if (!_canRead)
        {
            return false;
        }

        try
        {
            fixed (byte* bytes = destination)
            {
                var part = new Part { Address = bytes, Length = (nuint)destination.Length };
                nint read = ReadParts(file, &part, 1, offset, NoWait);
                _canRead = read >= 0 || Marshal.GetLastPInvokeError() is not (NoSuchCall or NotSupported);
                return read == destination.Length;
            }
        }
        catch (EntryPointNotFoundException)
        {
            _canRead = false;
            return false;
        }
    }

    /// <summary>Begins to read a range into memory and does not wait for it. Only a hint.</summary>
    public static void Begin(SafeFileHandle file, long offset, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(file, offset, bytes, AdviseWillNeed);
        }
    }

    /// <summary>Says that a file is read here and there, so that nothing beside what is asked for is read. Only a hint.</summary>
    public static void ExpectRandomReads(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(file, 0, 0, AdviseRandom);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long bytes, int advice);

    [LibraryImport("libc", EntryPoint = "preadv2", SetLastError = true)]
    private static partial nint ReadParts(SafeFileHandle file, Part* parts, int count, long offset, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct Part
    {
        public byte* Address;
        public nuint Length;
    }
}
