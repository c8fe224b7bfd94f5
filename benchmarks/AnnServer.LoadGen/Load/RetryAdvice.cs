using Google.Rpc;
using Grpc.Core;

namespace AnnServer.LoadGen.Load;

/// <summary>Reads from a refusal whether and when the server wants to be asked again.</summary>
internal static class RetryAdvice
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(8);

    /// <summary>True for RESOURCE_EXHAUSTED with retry info. The advised delay doubles with every attempt, up to 8 s.</summary>
    public static bool TryRead(RpcException failure, int attempt, out TimeSpan delay)
    {
        delay = default;
        if (failure.StatusCode != StatusCode.ResourceExhausted || failure.GetRpcStatus()?.GetDetail<RetryInfo>() is not { } advice)
            return false;
        TimeSpan doubled = (advice.RetryDelay?.ToTimeSpan() ?? TimeSpan.Zero) * Math.Pow(2, attempt);
        delay = doubled < LongestDelay ? doubled : LongestDelay;
        return true;
    }
}
