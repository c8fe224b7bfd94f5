using System.Threading.RateLimiting;

namespace AnnServer.Security.Limits;

/// <summary>
/// The requests that a caller may still make. Filled whenever it is asked: the partitions do so ten times a second, which would make a small
/// burst the limit of a high rate.
/// </summary>
internal sealed class RequestBucket : RateLimiter
{
    // For rates that are as good as none: filled once in years.
    private const double LongestPause = int.MaxValue;

    private readonly TokenBucketRateLimiter _tokens;

    public RequestBucket(in CallerLimits limits) => _tokens = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
    {
        TokenLimit = limits.EffectiveBurst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Min(1 / limits.RequestsPerSecond, LongestPause)),
        QueueLimit = 0,
        AutoReplenishment = false,
    });

    /// <summary>Since it was full; null until then, so that nobody has a full one by being forgotten.</summary>
    public override TimeSpan? IdleDuration
    {
        get
        {
            _tokens.TryReplenish();
            return _tokens.IdleDuration;
        }
    }

    public override RateLimiterStatistics? GetStatistics() => _tokens.GetStatistics();

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        _tokens.TryReplenish();
        return _tokens.AttemptAcquire(permitCount);
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        _tokens.TryReplenish();
        return _tokens.AcquireAsync(permitCount, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _tokens.Dispose();
        }

        base.Dispose(disposing);
    }
}
