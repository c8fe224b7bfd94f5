using System.Runtime.InteropServices;

namespace AnnServer.Engine.Maintenance;

/// <summary>Threads whose work gives way to that of the threads that answer: planners, the janitor, and what measures recall.</summary>
internal static partial class BackgroundThread
{
    // A third of the weight of other threads, where they compete: searches are let in at once, and writes still get on.
    private const int Niceness = 5;

    private const int PriorityOfProcess = 0;

    /// <summary>Lowers the priority of the calling thread. Thread.Priority does nothing on Linux, where a nice value is per thread.</summary>
    public static void GiveWay()
    {
        if (OperatingSystem.IsLinux())
        {
            // Relative to what the process was started with; the system caps it.
            _ = SetPriority(PriorityOfProcess, 0, GetPriority(PriorityOfProcess, 0) + Niceness);
        }
        else
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}
