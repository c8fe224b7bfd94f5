using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AnnServer.Hosting;

internal sealed class DatabaseHealthCheck(DatabaseHost database) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(database.NotReadyReason is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
}
