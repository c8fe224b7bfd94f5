using AnnServer.Engine.Model;
using AnnServer.Rpc;
using AnnServer.Rpc.Json;
using Grpc.Core;

namespace AnnServer.Hosting;

/// <summary>
/// An answer RESOURCE_EXHAUSTED that is made once: under more load than a server can take most of what it does is to refuse, and what that
/// costs is not there for answers.
/// </summary>
internal sealed class Refusal
{
    public const string ContentType = "application/grpc";

    private readonly EngineError _error;
    private readonly KeyValuePair<string, string>[] _headers;

    public Refusal(string message)
    {
        _error = EngineError.Of(EngineStatus.ResourceExhausted, message);
        RpcException exception = ToException();
        // A response that has trailers and nothing before them: they go where headers do.
        _headers =
        [
            new("grpc-status", ((int)exception.StatusCode).ToString()),
            new("grpc-message", Uri.EscapeDataString(exception.Status.Detail)),
            .. exception.Trailers.Select(static entry => new KeyValuePair<string, string>(
                entry.Key, entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value)),
        ];
    }

    /// <summary>For a call that has begun.</summary>
    public RpcException ToException() => StatusMapper.ToException(_error);

    /// <summary>For a call of which nothing has been read.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        if (context.IsJson())
        {
            return JsonAnswer.WriteErrorAsync(context, ToException());
        }

        context.Response.ContentType = ContentType;
        foreach ((string name, string value) in _headers)
        {
            context.Response.Headers[name] = value;
        }

        return Task.CompletedTask;
    }
}
