using AnnServer.Engine.Model;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>The one place where an engine error becomes a gRPC status, with the rich error model for its details.</summary>
internal static class StatusMapper
{
    // Errors travel in HTTP/2 trailers. gRPC's C core, and so Python, drops calls whose trailers pass 8 KiB; details are sent in
    // base64 with the message once more beside them, so this many bytes leave a margin.
    private const int MaxDetailBytes = 4096;
    private const int MaxMessageChars = 512;

    // Long enough for the background repair or an operator's delete to have made room.
    private static readonly Duration RetryDelay = new() { Seconds = 1 };

    public static T OrThrow<T>(this EngineResult<T> result) => result.IsOk ? result.Value : throw ToException(result.Error);

    public static StatusCode ToStatusCode(EngineStatus status) => status switch
    {
        EngineStatus.Ok => StatusCode.OK,
        EngineStatus.InvalidArgument => StatusCode.InvalidArgument,
        EngineStatus.NotFound => StatusCode.NotFound,
        EngineStatus.AlreadyExists => StatusCode.AlreadyExists,
        EngineStatus.ResourceExhausted => StatusCode.ResourceExhausted,
        EngineStatus.FailedPrecondition => StatusCode.FailedPrecondition,
        EngineStatus.Unavailable => StatusCode.Unavailable,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "No gRPC code stands for this status."),
    };

    public static RpcException ToException(EngineError error)
    {
        string message = error.Message;
        Google.Rpc.Status status = new() { Code = (int)ToStatusCode(error.Status) };
        if (error.Violations.Count > 0)
        {
            BadRequest details = Describe(error.Violations, out int left, out bool repeated);
            message = repeated && details.FieldViolations is [{ } only] && left == 0 ? $"{only.Field}: {only.Description}"
                : left > 0 ? $"{message} ({left} more are not listed)"
                : message;
            status.Details.Add(Any.Pack(details));
        }
        else if (error.Status == EngineStatus.ResourceExhausted)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = RetryDelay }));
        }

        status.Message = message.Length <= MaxMessageChars ? message : message[..MaxMessageChars];
        return status.ToRpcException();
    }

    /// <summary>
    /// The first fault of a field is its cause. What the engine then says about the placeholder the mapper left there, or about
    /// what lies within, is not another fault, so only the first is kept.
    /// </summary>
    private static BadRequest Describe(IReadOnlyList<FieldViolation> violations, out int left, out bool repeated)
    {
        BadRequest details = new();
        HashSet<string> seen = new(StringComparer.Ordinal);
        int bytes = 0;
        left = 0;
        repeated = false;
        foreach (FieldViolation violation in violations)
        {
            if (IsSeen(violation.Field, seen))
            {
                repeated = true;
                continue;
            }

            seen.Add(violation.Field);

            BadRequest.Types.FieldViolation described = new() { Field = violation.Field, Description = violation.Description };
            bytes += described.CalculateSize() + 4;
            if (bytes <= MaxDetailBytes)
            {
                details.FieldViolations.Add(described);
            }
            else
            {
                left++;
            }
        }

        return details;
    }

    private static bool IsSeen(string field, HashSet<string> seen)
    {
        for (int dot = field.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = field.IndexOf('.', dot + 1))
        {
            if (seen.Contains(field[..dot]))
            {
                return true;
            }
        }

        return seen.Contains(field);
    }
}
