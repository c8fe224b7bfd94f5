using AnnServer.LoadGen.Load;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Soak;

/// <summary>Reads every point while nothing is written, and holds it against the ledger.</summary>
internal sealed class LedgerCheck(string collection, SoakContent content, SoakLedger ledger)
{
    private const int PageSize = 1000;

    /// <summary>Points that were compared.</summary>
    public long Compared { get; private set; }

    /// <summary>Points that were not what they must be.</summary>
    public long Lost { get; private set; }

    /// <summary>The first of them, of every check.</summary>
    public List<string> First { get; } = [];

    public async Task RunAsync(ServerConnections connections, CancellationToken cancellationToken)
    {
        Dictionary<ulong, PointVersion> actual = [];
        ScrollRequest request = new() { Collection = collection, PageSize = PageSize, WithAttributes = true, WithVector = true };
        do
        {
            ScrollResponse page = await connections.Points(0).ScrollAsync(request, cancellationToken: cancellationToken);
            foreach (Point point in page.Points)
                actual[point.Id.Num] = content.VersionOf(point);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        (int lost, IReadOnlyList<string> first) = ledger.Settle(actual);
        Compared += actual.Count;
        Lost += lost;
        First.AddRange(first);
    }
}
