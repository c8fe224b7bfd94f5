using Grpc.Net.Client;

namespace AnnServer.CrashTests;

/// <summary>
/// Clients that write to a server until it ends abruptly, with checkpoints all the time, and what the next server over its data must
/// hold: of one collection that several clients write to at once, and of one that is written to in order.
/// </summary>
/// <param name="trustsSent">See <see cref="Ledger"/>.</param>
internal sealed class WriteLoad(int seed, bool trustsSent = false)
{
    public const string Ordered = "ordered";

    private const string Churned = "churned";
    private const int LeastAcknowledged = 40;
    private const int MostAcknowledged = 200;

    private readonly Ledger _ledger = new(trustsSent);
    private readonly OrderedClient _ordered = new(Ordered, CrashCollection.Dimension, seed);
    private readonly Random _random = new(seed);
    private int _round;

    public long Acknowledgements => _ledger.Acknowledgements;

    public int PointsInOrder => _ordered.Points.Count;

    /// <summary>Points that were compared with what they must be.</summary>
    public long Compared { get; private set; }

    /// <summary>Requires a server that has just started to hold what was acknowledged, and of the rest no more than was sent.</summary>
    /// <returns>The changes that were made in order since the last call.</returns>
    public async Task<IReadOnlyList<OrderedChange>> RecoverAsync(GrpcChannel channel)
    {
        Assert.Empty(await FindWrongAsync(channel));
        Dictionary<ulong, PointState> actual = await CrashCollection.ReadAsync(channel, Ordered);
        OrderedChange[] sent = [.. _ordered.Acknowledged, .. _ordered.InFlight];
        int recovered = _ordered.Recovered(actual);
        Assert.InRange(recovered, _ordered.Fsynced, sent.Length);
        _ordered.Resume(recovered);
        Compared += actual.Count;
        return sent[..recovered];
    }

    /// <summary>What is not as it must be of the points that several clients write.</summary>
    public async Task<List<string>> FindWrongAsync(GrpcChannel channel)
    {
        if (_round++ == 0)
        {
            // The first server has no collections yet.
            await CrashCollection.CreateAsync(channel, Churned);
            await CrashCollection.CreateAsync(channel, Ordered);
        }

        Dictionary<ulong, PointState> actual = await CrashCollection.ReadAsync(channel, Churned);
        Compared += actual.Count;
        return _ledger.Recover(actual);
    }

    /// <summary>Writes until something has been acknowledged, then ends the server in the middle of it.</summary>
    public async Task WriteAsync(ServerProcess server, Func<Task> end)
    {
        long enough = _ledger.Acknowledgements + _random.Next(LeastAcknowledged, MostAcknowledged);
        using GrpcChannel churning = server.Connect();
        using GrpcChannel inOrder = server.Connect();
        Task writing = Task.WhenAll(
            new ChurnClient(_ledger, Churned, CrashCollection.Dimension).RunAsync(churning, _round * 10),
            new CheckpointClient().RunAsync(churning),
            _ordered.RunAsync(inOrder));
        while (_ledger.Acknowledgements < enough && !writing.IsCompleted)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await end();
        await writing;
    }

    /// <summary>Requires the writing to have been more than a trickle.</summary>
    public void AssertWasBusy(int ends) =>
        Assert.True(Acknowledgements > (long)ends * LeastAcknowledged, $"{Acknowledgements} acknowledged in {ends} rounds");
}
