using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Soak;

/// <summary>What a soak does.</summary>
/// <param name="Points">Live points that the collection hovers around.</param>
/// <param name="Rate">Operations a second.</param>
/// <param name="Concurrency">Operations unanswered on a connection at most.</param>
/// <param name="RecallTarget">0 for the default effort.</param>
/// <param name="Duration">Of the load: ends, starts and checks come on top.</param>
/// <param name="KillEvery">Null for no kills.</param>
/// <param name="Grace">For the exit after SIGTERM.</param>
internal sealed record SoakSettings(
    string Collection, Metric Metric, int Points, int K, double RecallTarget, OperationMix Mix, double Rate, int Concurrency, int Seed,
    TimeSpan Duration, TimeSpan? KillEvery, TimeSpan SampleEvery, TimeSpan Grace);
