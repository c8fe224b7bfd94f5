namespace AnnServer.Hosting;

/// <summary>
/// Lets open streams end before the connections do. When the server stops, streams are told so and end with a status; Kestrel
/// would close their connection as soon as it has written that, and a client that has not read it by then sees a broken
/// connection instead.
/// </summary>
internal sealed class StreamDrain(IHostApplicationLifetime lifetime, TimeProvider time) : IHostedLifecycleService
{
    // Longer than a status takes to be read on a busy machine, and no stop is noticeably longer for it.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    private int _open;

    /// <summary>Counts a stream until the scope is disposed.</summary>
    public Scope Enter()
    {
        Interlocked.Increment(ref _open);
        return new Scope(this);
    }

    /// <summary>Runs before any part of the host is stopped, Kestrel included.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _open) == 0)
        {
            return;
        }

        // Tells the streams; the host would only do so after this.
        lifetime.StopApplication();
        while (Volatile.Read(ref _open) > 0 && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Poll, time, CancellationToken.None);
        }

        await Task.Delay(Grace, time, CancellationToken.None);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public readonly struct Scope(StreamDrain drain) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref drain._open);
    }
}
