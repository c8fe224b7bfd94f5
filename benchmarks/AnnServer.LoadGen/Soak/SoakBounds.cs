namespace AnnServer.LoadGen.Soak;

/// <summary>What a soak may at most, or has at least to, show.</summary>
/// <param name="MemoryGrowth">Of memory between the quarters: 0.1 is a tenth.</param>
/// <param name="FolderGrowth">Of the data directory: checkpoints and log come and go, which is not growth.</param>
/// <param name="P99Ratio">Of the p99 of the last quarter to that of the second.</param>
/// <param name="RecallLoss">Below the target; without one, between the quarters.</param>
internal sealed record SoakBounds(
    double MemoryGrowth, double FolderGrowth, double P99Ratio, double RecallLoss, double RateDone, double ReadySeconds);
