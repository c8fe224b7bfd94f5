using FASTER.core;

namespace AnnServer.Storage;

/// <summary>
/// A device that remembers the first write that failed. FasterKV waits for ever for a page that could not be written, and says nothing.
/// </summary>
internal sealed class WatchedDevice : StorageDeviceBase
{
    private readonly IDevice _inner;
    private readonly TaskCompletionSource<IOException> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WatchedDevice(IDevice inner)
        : base(inner.FileName, inner.SectorSize, inner.Capacity) => _inner = inner;

    /// <summary>Completes with the first failure; never, while there is none.</summary>
    public Task<IOException> Failed => _failed.Task;

    public override void Initialize(long segmentSize, LightEpoch? epoch = null, bool omitSegmentIdFromFilename = false)
    {
        base.Initialize(segmentSize, epoch, omitSegmentIdFromFilename);
        _inner.Initialize(segmentSize, epoch, omitSegmentIdFromFilename);
    }

    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) =>
        _inner.WriteAsync(
            sourceAddress,
            segmentId,
            destinationAddress,
            numBytesToWrite,
            (error, bytes, state) =>
            {
                if (error != 0)
                {
                    _failed.TrySetResult(new IOException($"A write of {numBytesToWrite} bytes to '{FileName}.{segmentId}' failed with error {error}."));
                }

                callback(error, bytes, state);
            },
            context);

    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context) =>
        _inner.ReadAsync(segmentId, sourceAddress, destinationAddress, readLength, callback, context);

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) =>
        _inner.RemoveSegmentAsync(segment, callback, result);

    public override bool TryComplete() => _inner.TryComplete();

    public override bool Throttle() => _inner.Throttle();

    public override long GetFileSize(int segment) => _inner.GetFileSize(segment);

    public override void Reset() => _inner.Reset();

    public override void Dispose() => _inner.Dispose();
}
