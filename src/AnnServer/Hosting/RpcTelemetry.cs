using System.Diagnostics;
using System.Globalization;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http.Features;

namespace AnnServer.Hosting;

/// <summary>
/// What HTTP does not say of a gRPC call: every call that is answered has the HTTP status 200, and its own in the trailers. Adds the
/// method and the status to the span of a request and the status to its duration, by the semantic conventions for RPC.
/// </summary>
internal static class RpcTelemetry
{
    private const string MethodTag = "rpc.method";
    private const string StatusTag = "rpc.response.status_code";
    private const string StatusTrailer = "grpc-status";

    // By their numbers.
    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
        "UNAUTHENTICATED",
    ];

    // Those that the conventions count as the server's fault; the others are an answer.
    private static readonly string[] ServerErrors = ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

    public static void UseRpcTelemetry(this WebApplication app) => app.Use(static next => context => DescribeAsync(next, context));

    /// <summary>Names a span by the method that was called, once its tags are there.</summary>
    public static void Rename(Activity activity)
    {
        if (activity.GetTagItem(MethodTag) is string method)
        {
            activity.DisplayName = method;
        }
    }

    /// <summary>Makes a call, and says on its request what it was and how it ended.</summary>
    public static async Task DescribeAsync(RequestDelegate next, HttpContext context)
    {
        await next(context);
        if (Status(context) is not { } status)
        {
            return;
        }

        context.Features.Get<IHttpMetricsTagsFeature>()?.Tags.Add(new KeyValuePair<string, object?>(StatusTag, status));
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
        {
            Describe(activity, context, status);
        }
    }

    private static void Describe(Activity activity, HttpContext context, string status)
    {
        activity.SetTag("rpc.system.name", "grpc");
        activity.SetTag(MethodTag, context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName.TrimStart('/') ?? "_OTHER");
        activity.SetTag(StatusTag, status);
        if (ServerErrors.Contains(status))
        {
            activity.SetTag("error.type", status);
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>In the trailers, or, where there was nothing to answer but the status, in the headers.</summary>
    private static string? Status(HttpContext context)
    {
        IHeaderDictionary? trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        string? number = trailers is not null && trailers.TryGetValue(StatusTrailer, out var trailer) ? trailer.ToString()
            : context.Response.Headers.TryGetValue(StatusTrailer, out var header) ? header.ToString()
            : null;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int code) && code < Names.Length ? Names[code] : null;
    }
}
