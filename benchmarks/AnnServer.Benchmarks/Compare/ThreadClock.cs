using System.Runtime.InteropServices;

namespace AnnServer.Benchmarks.Compare;

/// <summary>Processor time of the calling thread, in seconds, as Linux counts it.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    public static double CpuSeconds()
    {
        if (ReadClock(ThreadCpuTime, out Timespec time) != 0)
            throw new PlatformNotSupportedException("CLOCK_THREAD_CPUTIME_ID cannot be read.");
        return time.Seconds + (time.Nanoseconds * 1e-9);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Timespec
    {
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}
