namespace AnnServer.LoadGen.Reports;

/// <summary>The server's memory at one moment of a run.</summary>
internal readonly record struct MemorySample(double Seconds, ulong ResidentBytes, ulong ManagedHeapBytes);
