using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AnnServer.Storage;

/// <summary>
/// Makes the entries of a folder durable: a new or renamed file survives a power cut only after this. Neither .NET nor
/// FASTER does it. Windows has no such call; its file systems journal the entries.
/// </summary>
internal static partial class DirectorySync
{
    public static void Flush(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            FlushUnix(folder);
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static void FlushUnix(string folder)
    {
        // Flags 0 is O_RDONLY on every Unix; .NET opens its own handles close-on-exec, and this one lives for a moment.
        int descriptor = Open(folder, 0);
        if (descriptor < 0)
        {
            throw Error("open", folder);
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw Error("fsync", folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Error(string call, string folder)
    {
        int code = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of folder '{folder}' failed: {Marshal.GetPInvokeErrorMessage(code)} ({code}).");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
