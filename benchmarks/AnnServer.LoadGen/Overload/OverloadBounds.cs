namespace AnnServer.LoadGen.Overload;

/// <summary>What an overload has at least, or may at most, show.</summary>
/// <param name="Goodput">Part of the peak.</param>
/// <param name="P99Ms">Of accepted calls.</param>
/// <param name="MemoryGrowth">Between the second and the last quarter: 0.1 is a tenth.</param>
/// <param name="RecoverySeconds">Until p99 is near what it was.</param>
/// <param name="P99Ratio">What is near, and what bystanders may cost.</param>
internal sealed record OverloadBounds(double Goodput, double P99Ms, double MemoryGrowth, double RecoverySeconds, double P99Ratio);
