using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Overload;

/// <summary>What an overload does.</summary>
/// <param name="Ef">0 for the default effort.</param>
/// <param name="Batch">Queries in a call; 0 for calls of Search.</param>
/// <param name="Unanswered">Calls of the closed loop on a connection.</param>
/// <param name="Times">The peak, that is offered.</param>
/// <param name="Peak">How long the peak is measured.</param>
/// <param name="Calm">How long half of the peak is offered, each time.</param>
/// <param name="Idle">Connections that do nothing.</param>
/// <param name="Stalled">Clients that do not read, or do not send to the end.</param>
internal sealed record OverloadSettings(
    string Collection, Metric Metric, int Points, int Dimension, int K, int Ef, int Batch, int Connections, int Unanswered, double Times,
    TimeSpan Duration, TimeSpan Peak, TimeSpan Calm, TimeSpan Deadline, int Idle, int Stalled, int Seed);
