using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AnnServer.Hosting;

/// <summary>Metrics always, for /metrics; traces and pushed metrics only when there is somewhere to send them.</summary>
internal static class Telemetry
{
    // Also the standard variable of the OpenTelemetry specification, which the exporter reads by itself.
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // Seconds. Searches take from tens of microseconds to tens of milliseconds, which the default buckets (from 5 ms) cannot tell apart.
    private static readonly double[] CallSeconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    public static void AddTelemetry(this IServiceCollection services, ServerOptions options, IConfiguration configuration)
    {
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(static resource => resource.AddService("AnnServer", serviceVersion: ServerVersion.Text))
            .WithMetrics(static metrics => metrics
                .AddMeter(LongWork.MeterName, "AnnServer.Engine", "AnnServer.Storage")
                .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
                .AddRuntimeInstrumentation()
                .AddView("http.server.request.duration", new ExplicitBucketHistogramConfiguration { Boundaries = CallSeconds })
                // A bucket leads to a trace of a call in it, where calls are traced.
                .SetExemplarFilter(ExemplarFilterType.TraceBased)
                .AddPrometheusExporter());

        if (options.OtlpEndpoint is null && string.IsNullOrEmpty(configuration[EndpointVariable]))
        {
            return;
        }

        // Tracing costs an Activity for every call, so it is not even set up when nobody receives it.
        telemetry
            .WithTracing(tracing => tracing
                .AddSource("AnnServer.Engine")
                .AddAspNetCoreInstrumentation(static requests => requests.EnrichWithHttpResponse = static (activity, _) => RpcTelemetry.Rename(activity))
                .AddOtlpExporter(exporter => exporter.Endpoint = options.OtlpEndpoint ?? exporter.Endpoint))
            .WithMetrics(metrics => metrics
                .AddOtlpExporter(exporter => exporter.Endpoint = options.OtlpEndpoint ?? exporter.Endpoint));
    }

    /// <summary>/metrics on the HTTP port only: the gRPC port is the one that is exposed.</summary>
    public static void UseMetricsEndpoint(this WebApplication app) =>
        app.UseOpenTelemetryPrometheusScrapingEndpoint(static context =>
            context.Request.Path == "/metrics" && context.Features.Get<HttpPortMark>() is not null);
}
