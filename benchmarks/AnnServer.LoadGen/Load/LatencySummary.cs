namespace AnnServer.LoadGen.Load;

/// <summary>Percentiles of a recorder, all in microseconds.</summary>
internal readonly record struct LatencySummary(
    long Count, double MeanUs, long P50Us, long P95Us, long P99Us, long P999Us, long MaxUs);
