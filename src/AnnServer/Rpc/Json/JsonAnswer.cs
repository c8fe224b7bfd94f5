using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;

namespace AnnServer.Rpc.Json;

/// <summary>Writes answers and errors: those as <c>google.rpc.Status</c>, under the HTTP status that stands for its code.</summary>
internal static class JsonAnswer
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    // With what is zero or empty: a score or a count of 0 is one.
    private static readonly JsonFormatter Messages = new(new JsonFormatter.Settings(formatDefaultValues: true));

    private static readonly JsonFormatter Errors = new(
        new JsonFormatter.Settings(formatDefaultValues: false, TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor)));

    public static Task WriteAsync(HttpContext context, IMessage message) => WriteAsync(context, StatusCodes.Status200OK, message, Messages);

    public static Task WriteErrorAsync(HttpContext context, RpcException error) => WriteErrorAsync(
        context, error.GetRpcStatus() ?? new Google.Rpc.Status { Code = (int)error.StatusCode, Message = error.Status.Detail });

    public static Task WriteErrorAsync(HttpContext context, Google.Rpc.Status status)
    {
        if (status.GetDetail<RetryInfo>() is { RetryDelay: { } delay })
        {
            context.Response.Headers.RetryAfter = delay.Seconds.ToString();
        }

        return WriteAsync(context, ToHttp((StatusCode)status.Code), status, Errors);
    }

    /// <summary>By the comments of google/rpc/code.proto.</summary>
    public static int ToHttp(StatusCode code) => code switch
    {
        StatusCode.OK => StatusCodes.Status200OK,
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange => StatusCodes.Status400BadRequest,
        StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.AlreadyExists or StatusCode.Aborted => StatusCodes.Status409Conflict,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        StatusCode.Cancelled => StatusCodes.Status499ClientClosedRequest,
        StatusCode.Unimplemented => StatusCodes.Status501NotImplemented,
        StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        StatusCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static async Task WriteAsync(HttpContext context, int status, IMessage message, JsonFormatter formatter)
    {
        using MemoryStream json = new();
        await using (StreamWriter text = new(json, Utf8, leaveOpen: true))
        {
            formatter.Format(message, text);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        // Not cancelled with the request: to a client that is gone it goes nowhere, which is no error.
        await context.Response.Body.WriteAsync(json.GetBuffer().AsMemory(0, (int)json.Length), CancellationToken.None);
    }
}
