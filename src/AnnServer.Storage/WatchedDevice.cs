using FASTER.core;

namespace AnnServer.Storage;

/// <summary>
/// A device that remembers the first write that failed. FasterKV waits for ever for a page that could not be written, and says nothing.
/// </summary>
internal sealed class WatchedDevice(IDevice inner) : DeviceWrapper(inner)
{
    private readonly TaskCompletionSource<IOException> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the first failure; never, while there is none.</summary>
    public Task<IOException> Failed => _failed.Task;

    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) =>
        Inner.WriteAsync(
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
}
