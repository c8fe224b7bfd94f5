using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>What a mixed run does.</summary>
/// <param name="PointsPerWorker">Live points that every worker hovers around.</param>
internal sealed record MixedSettings(
    string Collection, Metric Metric, int Dimension, TimeSpan Duration, int PointsPerWorker, int K, int Seed, int FinalQueries);
