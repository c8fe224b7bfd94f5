using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Load;

/// <summary>How points are sent.</summary>
/// <param name="InFlight">Batches unanswered at a time on each connection.</param>
internal sealed record LoadPlan(string Collection, int BatchSize, int InFlight, bool Stream, Durability Durability = Durability.Unspecified);
