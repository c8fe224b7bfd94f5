using AnnServer.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace AnnServer.CrashTests;

/// <summary>
/// Writes to one collection with one request in flight, so that the order of the records in the log is known. Hides few points,
/// so that no sweep ever begins there and adds records of its own.
/// </summary>
internal sealed class OrderedClient(string collection, int dimension, int seed)
{
    private const int MaxHiddenPerRun = 4;

    private readonly Random _random = new(seed);
    private readonly Dictionary<ulong, PointState> _resumed = [];
    private readonly Dictionary<ulong, PointState> _points = [];
    private ulong _nextId = 1;

    /// <summary>Each request asks for one of these.</summary>
    public IReadOnlyList<Durability> Durabilities { get; init; } = [Durability.Unspecified];

    /// <summary>Changes of the request that was in flight when the server went away; a prefix of them may be in the log.</summary>
    public IReadOnlyList<OrderedChange> InFlight { get; private set; } = [];

    /// <summary>Changes acknowledged since <see cref="Resume"/>.</summary>
    public List<OrderedChange> Acknowledged { get; } = [];

    /// <summary>How many of the first of <see cref="Acknowledged"/> no crash may take back.</summary>
    public int Fsynced { get; private set; }

    public IReadOnlyDictionary<ulong, PointState> Points => _points;

    /// <summary>Goes on from what the restarted server has: a number of changes since the last call, acknowledged ones and then those in flight.</summary>
    public void Resume(int recovered)
    {
        OrderedChange[] changes = [.. Acknowledged.Concat(InFlight).Take(recovered)];
        _points.Clear();
        foreach ((ulong id, PointState state) in _resumed)
        {
            _points.Add(id, state);
        }

        foreach (OrderedChange change in changes)
        {
            change.ApplyTo(_points);
            change.ApplyTo(_resumed);
        }

        Acknowledged.Clear();
        InFlight = [];
        Fsynced = 0;
    }

    /// <summary>How many changes since <see cref="Resume"/> lead to what a restarted server has, or -1 where no number does.</summary>
    public int Recovered(IReadOnlyDictionary<ulong, PointState> actual)
    {
        var points = new Dictionary<ulong, PointState>(_resumed);
        int recovered = IsSame(points, actual) ? 0 : -1;
        int applied = 0;
        foreach (OrderedChange change in Acknowledged.Concat(InFlight))
        {
            change.ApplyTo(points);
            applied++;
            recovered = IsSame(points, actual) ? applied : recovered;
        }

        return recovered;
    }

    /// <summary>Returns when the server is gone.</summary>
    public async Task RunAsync(GrpcChannel channel)
    {
        var client = new Points.PointsClient(channel);
        int hidden = 0;
        try
        {
            while (true)
            {
                int kind = _points.Count < 20 || hidden >= MaxHiddenPerRun ? 0 : _random.Next(8);
                hidden += kind is 1 or 2 ? 1 : 0;
                InFlight = kind switch
                {
                    1 => [new OrderedChange(Existing(), PointState.Random(_random, dimension), false)],
                    2 => [new OrderedChange(Existing(), null, false)],
                    3 => [.. Enumerable.Range(0, 3).Select(_ => Existing()).Distinct().Select(Update)],
                    _ => [.. Enumerable.Range(0, 1 + _random.Next(6)).Select(_ => Insert())],
                };
                Durability durability = Durabilities[_random.Next(Durabilities.Count)];
                await SendAsync(client, InFlight, durability);
                foreach (OrderedChange change in InFlight)
                {
                    change.ApplyTo(_points);
                }

                Acknowledged.AddRange(InFlight);
                InFlight = [];
                Fsynced = durability is Durability.Unspecified or Durability.Fsynced ? Acknowledged.Count : Fsynced;
            }
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
        {
            // The server was killed.
            return;
        }
    }

    private async Task SendAsync(Points.PointsClient client, IReadOnlyList<OrderedChange> changes, Durability durability)
    {
        if (changes[0].State is null)
        {
            var ids = new PointIdList { Ids = { new PointId { Num = changes[0].Id } } };
            await client.DeleteAsync(new DeleteRequest { Collection = collection, Ids = ids, Durability = durability });
        }
        else if (changes[0].OnlyAttributes)
        {
            var request = new UpdateAttributesRequest { Collection = collection, Durability = durability };
            foreach (OrderedChange change in changes)
            {
                var update = new AttributeUpdate { Id = new PointId { Num = change.Id }, Replace = true };
                update.Set.Add(change.State!.ToPoint(change.Id).Attributes);
                request.Updates.Add(update);
            }

            await client.UpdateAttributesAsync(request);
        }
        else
        {
            await client.UpsertAsync(new UpsertRequest
            {
                Collection = collection,
                Points = { changes.Select(change => change.State!.ToPoint(change.Id)) },
                Durability = durability,
            });
        }
    }

    private static bool IsSame(Dictionary<ulong, PointState> points, IReadOnlyDictionary<ulong, PointState> actual) =>
        points.Count == actual.Count && points.All(point => actual.GetValueOrDefault(point.Key) == point.Value);

    private ulong Existing() => _points.Keys.ElementAt(_random.Next(_points.Count));

    private OrderedChange Insert() => new(_nextId++, PointState.Random(_random, dimension), false);

    private OrderedChange Update(ulong id) => new(id, _points[id] with { Number = _random.Next(), Color = $"new {_random.Next()}" }, true);
}
