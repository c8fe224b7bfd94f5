using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Mixed;
using Grpc.Core;

namespace AnnServer.LoadGen.Soak;

/// <summary>What came of the operations: of the whole run, and of the interval since the last sample. Any thread.</summary>
internal sealed class SoakTally
{
    private SoakInterval _interval = new();
    private volatile bool _isEnding;
    private long _unavailable;

    /// <summary>Failures that have no excuse.</summary>
    public ErrorTally Errors { get; } = new();

    public WrongAnswers Wrong { get; } = new();

    /// <summary>Operations that failed because the server was on its way down, as they may.</summary>
    public long Unavailable => Interlocked.Read(ref _unavailable);

    /// <summary>Whether the server has been told to end, or killed, and is not back.</summary>
    public bool IsEnding
    {
        get => _isEnding;
        set => _isEnding = value;
    }

    public SoakInterval Interval => Volatile.Read(ref _interval);

    public SoakInterval Take() => Interlocked.Exchange(ref _interval, new SoakInterval());

    public void Fail(RpcException failure)
    {
        // A connection that breaks in the middle of an answer is none of the server's status codes.
        if (_isEnding && failure.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
        {
            Interlocked.Increment(ref _unavailable);
            return;
        }
        Errors.Add(failure);
        Interval.Failed();
    }
}
