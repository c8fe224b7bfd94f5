using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>What a mixed run does.</summary>
/// <param name="LeastOperations">Of each worker, however little time there is: a run that has not made each kind of them proves nothing.</param>
/// <param name="PointsPerWorker">Live points that every worker hovers around.</param>
internal sealed record MixedSettings(
    string Collection, Metric Metric, int Dimension, TimeSpan Duration, int LeastOperations, int PointsPerWorker, int K, int Seed, int FinalQueries);
