using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Soak;

/// <summary>The server at one moment, and the interval before it.</summary>
/// <param name="Seconds">Since the load began, restarts and checks included.</param>
/// <param name="Start">Number of the server's start, from 0.</param>
/// <param name="Done">Operations answered a second.</param>
/// <param name="Failures">Without an excuse.</param>
internal sealed record SoakSample(
    double Seconds, int Start, long ResidentBytes, long AnonymousBytes, long ManagedHeapBytes, int Threads, int Handles, long FolderBytes,
    LatencySummary Searches, LatencySummary Writes, double Wanted, double Done, long Failures, double Recall, long Points);
