using AnnServer.LoadGen.Load;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Soak;

/// <summary>The points that a soak begins with.</summary>
internal sealed class SoakFill(ServerConnections connections, SoakSettings settings, SoakContent content, SoakLedger ledger)
{
    private const int BatchSize = 500;
    private int _next;

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, connections.Count).Select(i => UpsertAsync(connections.Points(i), new Random(settings.Seed + i), cancellationToken)));

    private async Task UpsertAsync(Points.PointsClient points, Random random, CancellationToken cancellationToken)
    {
        while (Interlocked.Add(ref _next, BatchSize) - BatchSize is var from && from < settings.Points)
        {
            UpsertRequest request = new() { Collection = settings.Collection };
            List<ulong> ids = [];
            for (int id = from; id < Math.Min(from + BatchSize, settings.Points); id++)
            {
                if (!ledger.TrySend((ulong)id, _ => content.Replaced(random), out PointVersion? version))
                    continue;
                ids.Add((ulong)id);
                request.Points.Add(content.ToPoint((ulong)id, version!.Value));
            }
            await points.UpsertAsync(request, cancellationToken: cancellationToken);
            ledger.Acknowledge(ids);
        }
    }
}
