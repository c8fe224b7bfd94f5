using FASTER.core;

namespace AnnServer.Storage;

/// <summary>A device that passes everything on to another but writes, which are what a wrapper is for.</summary>
internal abstract class DeviceWrapper(IDevice inner) : StorageDeviceBase(inner.FileName, inner.SectorSize, inner.Capacity)
{
    protected IDevice Inner { get; } = inner;

    public override void Initialize(long segmentSize, LightEpoch? epoch = null, bool omitSegmentIdFromFilename = false)
    {
        base.Initialize(segmentSize, epoch, omitSegmentIdFromFilename);
        Inner.Initialize(segmentSize, epoch, omitSegmentIdFromFilename);
    }

    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context) =>
        Inner.ReadAsync(segmentId, sourceAddress, destinationAddress, readLength, callback, context);

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) =>
        Inner.RemoveSegmentAsync(segment, callback, result);

    public override bool TryComplete() => Inner.TryComplete();

    public override bool Throttle() => Inner.Throttle();

    public override long GetFileSize(int segment) => Inner.GetFileSize(segment);

    public override void Reset() => Inner.Reset();

    public override void Dispose() => Inner.Dispose();
}
