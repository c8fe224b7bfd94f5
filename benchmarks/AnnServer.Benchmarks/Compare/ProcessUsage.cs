using System.Runtime;
using System.Runtime.InteropServices;

namespace AnnServer.Benchmarks.Compare;

/// <summary>What this process has used, as Linux counts it.</summary>
internal static partial class ProcessUsage
{
    private const int ProcessCpuTime = 2;
    private const string Peak = "VmHWM:";

    /// <summary>Seconds of all threads, so that nothing the runtime does beside the queries is left out.</summary>
    public static double CpuSeconds()
    {
        if (ReadClock(ProcessCpuTime, out Timespec time) != 0)
            throw new PlatformNotSupportedException("CLOCK_PROCESS_CPUTIME_ID cannot be read.");
        return time.Seconds + (time.Nanoseconds * 1e-9);
    }

    /// <summary>The most memory that was resident since the start or <see cref="ResetPeak"/>.</summary>
    public static long PeakRssBytes()
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Peak, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(Peak.Length, line.Length - Peak.Length - "kB".Length)) * 1024;
    }

    /// <summary>Gives back what is free, and begins to count the peak from what is resident then.</summary>
    public static void ResetPeak()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        File.WriteAllText("/proc/self/clear_refs", "5");
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
