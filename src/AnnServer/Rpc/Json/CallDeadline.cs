using System.Globalization;
using AnnServer.Engine.Model;
using Grpc.Core;
using Microsoft.Extensions.Primitives;

namespace AnnServer.Rpc.Json;

/// <summary>When a call in JSON is to have ended, by the header that gRPC has for it.</summary>
internal sealed class CallDeadline
{
    public const string Header = "grpc-timeout";

    /// <summary>Of what the header may be.</summary>
    public const string Pattern = "^[0-9]{1,8}[HMSmun]$";

    private const int MostDigits = 8;

    // Longer than a timer may run, and than a call does.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly long _start;

    private CallDeadline(TimeSpan timeout, TimeProvider time)
    {
        _timeout = timeout < Longest ? timeout : Longest;
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>What is left, as the header has it.</summary>
    public string Timeout
    {
        get
        {
            long microseconds = (long)Math.Max(1, Left.TotalMicroseconds);
            return microseconds < (long)Math.Pow(10, MostDigits) ? $"{microseconds}u" : $"{(long)Left.TotalSeconds}S";
        }
    }

    private TimeSpan Left => _timeout - _time.GetElapsedTime(_start);

    /// <returns>Null where there is none.</returns>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static CallDeadline? Of(HttpRequest request, TimeProvider time)
    {
        if (!request.Headers.TryGetValue(Header, out StringValues value))
        {
            return null;
        }

        string text = value.ToString();
        return text.Length is > 1 and <= MostDigits + 1
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int amount) && amount > 0
            && Span(amount, text[^1]) is { } timeout
            ? new CallDeadline(timeout, time)
            : throw StatusMapper.ToException(EngineError.Of(
                EngineStatus.InvalidArgument,
                $"{Header} is '{text}'; allowed: one to eight digits, above 0, and H, M, S, m, u or n, as in 500m for half a second."));
    }

    /// <summary>Whether the work ends before the deadline does, in whatever way.</summary>
    public async Task<bool> IsMetByAsync(Task work)
    {
        using CancellationTokenSource ended = new();
        bool isFirst = await Task.WhenAny(work, Task.Delay(_timeout, _time, ended.Token)) == work;
        await ended.CancelAsync();
        return isFirst && Left > TimeSpan.Zero;
    }

    private static TimeSpan? Span(int amount, char unit) => unit switch
    {
        'H' => TimeSpan.FromHours(amount),
        'M' => TimeSpan.FromMinutes((long)amount),
        'S' => TimeSpan.FromSeconds((long)amount),
        'm' => TimeSpan.FromMilliseconds((long)amount),
        'u' => TimeSpan.FromMicroseconds((long)amount),
        'n' => TimeSpan.FromTicks(amount / TimeSpan.NanosecondsPerTick),
        _ => null,
    };
}
