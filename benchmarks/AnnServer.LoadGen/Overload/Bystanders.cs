using System.Diagnostics;

namespace AnnServer.LoadGen.Overload;

/// <summary>Connections that do nothing, and clients that neither read nor send to the end. They stay until they are disposed.</summary>
internal sealed class Bystanders : IAsyncDisposable
{
    private readonly List<RawConnection> _connections = [];

    public static async Task<Bystanders> OpenAsync(
        Uri address, OverloadSettings settings, RequestImage[] stalled, CancellationToken cancellationToken)
    {
        Bystanders all = new();
        for (int i = 0; i < settings.Idle + settings.Stalled; i++)
        {
            // Nothing of an answer may come: the server has to keep it, or not make it.
            RawConnection connection = await RawConnection.OpenAsync(
                address, Timeout.InfiniteTimeSpan, static (_, _) => { }, cancellationToken, streamWindow: 0);
            all._connections.Add(connection);
            if (i < settings.Idle)
                continue;
            // The window of a new connection is small until the server has said how large it is.
            while (!connection.TrySend(stalled[i % stalled.Length], Stopwatch.GetTimestamp()))
                await Task.Delay(1, cancellationToken);
            connection.Flush();
        }
        return all;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RawConnection connection in _connections)
            await connection.DisposeAsync();
    }
}
