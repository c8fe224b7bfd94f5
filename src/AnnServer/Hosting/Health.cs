using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AnnServer.Hosting;

/// <summary>/healthz: the process lives. /readyz and grpc.health.v1.Health: reads and writes are served.</summary>
internal static class Health
{
    public static void AddHealth(this IServiceCollection services)
    {
        services.AddGrpcHealthChecks().AddCheck<DatabaseHealthCheck>("database");
        // The publisher only feeds Watch; Check and /readyz ask anew. The defaults (after 5 s, every 30 s) would let a watcher
        // route to a server that has stopped accepting writes.
        services.Configure<HealthCheckPublisherOptions>(static publisher =>
        {
            publisher.Delay = TimeSpan.Zero;
            publisher.Period = TimeSpan.FromSeconds(2);
        });
    }

    public static void MapHealth(this WebApplication app)
    {
        app.MapGrpcHealthChecksService().AllowAnonymous();
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = static _ => false }).AllowAnonymous();
        app.MapHealthChecks("/readyz", new HealthCheckOptions { ResponseWriter = WriteReasonAsync }).AllowAnonymous();
    }

    private static async Task WriteReasonAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        string reasons = string.Join(' ', report.Entries.Values.Select(entry => entry.Description).Where(text => text is not null));
        await context.Response.WriteAsync(report.Status == HealthStatus.Healthy ? "ready\n" : $"{reasons}\n", context.RequestAborted);
    }
}
