using System.Runtime.ExceptionServices;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>
/// A checked request to upsert, with a slot reserved for each of its points. Its points are settled in their order: applied, or
/// after the first that fails only given their slots back.
/// </summary>
internal sealed class PendingUpsert(PointWriter writer, IReadOnlyList<Point> points, byte[]?[] blobs, uint[] ordinals, CollectionConfig config)
{
    // Those who wait go on on a thread of their own: planners have no time for them.
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isFailed;
    private EngineError? _error;
    private Exception? _exception;

    public PointWriter Writer => writer;

    public IReadOnlyList<Point> Points => points;

    /// <summary>Encoded attributes, by point.</summary>
    public byte[]?[] Blobs => blobs;

    public uint[] Ordinals => ordinals;

    /// <summary>The configuration that the points were checked against.</summary>
    public CollectionConfig Config => config;

    public CancellationToken Cancellation { get; init; }

    /// <summary>The sequence of the last point applied.</summary>
    public ulong Sequence { get; set; }

    public bool IsFailed => _isFailed;

    /// <summary>Completes when the last point is settled; never fails.</summary>
    public Task Settled => _settled.Task;

    public void Fail(EngineError error) => Fail(error, null);

    public void Fail(Exception exception) => Fail(null, exception);

    /// <summary>Called when the point at a position is settled.</summary>
    public void Settle(int index)
    {
        if (index == points.Count - 1)
        {
            _settled.SetResult();
        }
    }

    /// <summary>The sequence, or why some points were not applied. After the last point is settled.</summary>
    public EngineResult<ulong> Outcome()
    {
        if (_exception is not null)
        {
            ExceptionDispatchInfo.Throw(_exception);
        }

        return _error is null ? Sequence : _error;
    }

    // The first cause counts; points that are planned side by side can fail side by side.
    private void Fail(EngineError? error, Exception? exception)
    {
        lock (_settled)
        {
            if (_isFailed)
            {
                return;
            }

            _error = error;
            _exception = exception;
            _isFailed = true;
        }
    }
}
