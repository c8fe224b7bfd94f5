using System.Text;
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
    // Of UTF-8. The header of the message spends three on a byte beyond ASCII.
    private const int MaxMessageBytes = 512;

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
        EngineStatus.DataLoss => StatusCode.DataLoss,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "No gRPC code stands for this status."),
    };

    public static RpcException ToException(EngineError error)
    {
        string message = error.Message;
        Google.Rpc.Status status = new() { Code = (int)ToStatusCode(error.Status) };
        if (error.Violations.Count > 0)
        {
            BadRequest details = Describe(error.Violations);
            int left = error.Unlisted + error.Violations.Count - details.FieldViolations.Count;
            message = left > 0 ? $"{message} ({left} more are not listed)" : message;
            status.Details.Add(Any.Pack(details));
        }
        else if (error.Status == EngineStatus.ResourceExhausted)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = RetryDelay }));
        }

        status.Message = Cut(message);
        return status.ToRpcException();
    }

    // Between characters: half a surrogate pair has no UTF-8 form, and writing the status would fail.
    private static string Cut(string message)
    {
        int bytes = 0;
        int length = 0;
        foreach (Rune rune in message.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxMessageBytes)
            {
                return message[..length];
            }

            length += rune.Utf16SequenceLength;
        }

        return message;
    }

    // As many violations as fit.
    private static BadRequest Describe(IReadOnlyList<FieldViolation> violations)
    {
        BadRequest details = new();
        int bytes = 0;
        foreach (FieldViolation violation in violations)
        {
            BadRequest.Types.FieldViolation described = new() { Field = violation.Field, Description = violation.Description };
            bytes += described.CalculateSize() + 4;
            if (bytes > MaxDetailBytes)
            {
                break;
            }

            details.FieldViolations.Add(described);
        }

        return details;
    }
}
