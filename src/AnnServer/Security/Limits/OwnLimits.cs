namespace AnnServer.Security.Limits;

/// <summary>What stands beside a key instead of the limits that the server has for all callers; null is as the server has it.</summary>
internal sealed record OwnLimits(double? RequestsPerSecond, int? RequestBurst, int? MaxCallsInFlight)
{
    public CallerLimits Over(in CallerLimits server) => new(
        RequestsPerSecond ?? server.RequestsPerSecond, RequestBurst ?? server.RequestBurst, MaxCallsInFlight ?? server.MaxCallsInFlight);
}
