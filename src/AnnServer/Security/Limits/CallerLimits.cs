using AnnServer.Hosting;

namespace AnnServer.Security.Limits;

/// <summary>What one caller may ask for. 0 is no limit.</summary>
/// <param name="RequestsPerSecond">In the mean.</param>
/// <param name="RequestBurst">Requests at once after a pause; 0 for those of a second, and at least one.</param>
/// <param name="MaxCallsInFlight">Calls at once; a stream is one.</param>
internal readonly record struct CallerLimits(double RequestsPerSecond, int RequestBurst, int MaxCallsInFlight)
{
    /// <summary>Above it the ten millionths of a second that a bucket is filled by would be too few to tell rates apart.</summary>
    public const double MaxRequestsPerSecond = 1_000_000;

    public const int MaxRequestBurst = 1_000_000;

    public const int MostCallsInFlight = 1_000_000;

    /// <summary>Those of every caller whose key has none of its own.</summary>
    public static CallerLimits Of(ServerOptions options) =>
        new(options.RequestsPerSecondPerCaller, options.RequestBurstPerCaller, options.MaxCallsInFlightPerCaller);

    public bool AreNone => RequestsPerSecond == 0 && MaxCallsInFlight == 0;

    public int EffectiveBurst => RequestBurst > 0 ? RequestBurst : (int)Math.Ceiling(RequestsPerSecond);
}
