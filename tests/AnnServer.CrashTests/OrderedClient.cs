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
    private readonly Dictionary<ulong, PointState> _points = [];
    private ulong _nextId = 1;

    /// <summary>Changes of the request that was in flight when the server went away; a prefix of them may be in the log.</summary>
    public IReadOnlyList<OrderedChange> InFlight { get; private set; } = [];

    /// <summary>Changes acknowledged since <see cref="Resume"/>.</summary>
    public List<OrderedChange> Acknowledged { get; } = [];

    public IReadOnlyDictionary<ulong, PointState> Points => _points;

    /// <summary>Goes on from what the restarted server has of the request that was in flight.</summary>
    public void Resume(IEnumerable<OrderedChange> recovered)
    {
        foreach (OrderedChange change in recovered)
        {
            Apply(change);
        }

        Acknowledged.Clear();
        InFlight = [];
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
                await SendAsync(client, InFlight);
                foreach (OrderedChange change in InFlight)
                {
                    Apply(change);
                }

                Acknowledged.AddRange(InFlight);
                InFlight = [];
            }
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
        {
            // The server was killed.
            return;
        }
    }

    private async Task SendAsync(Points.PointsClient client, IReadOnlyList<OrderedChange> changes)
    {
        if (changes[0].State is null)
        {
            var ids = new PointIdList { Ids = { new PointId { Num = changes[0].Id } } };
            await client.DeleteAsync(new DeleteRequest { Collection = collection, Ids = ids });
        }
        else if (changes[0].OnlyAttributes)
        {
            var request = new UpdateAttributesRequest { Collection = collection };
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
            });
        }
    }

    private void Apply(OrderedChange change)
    {
        if (change.State is null)
        {
            _points.Remove(change.Id);
        }
        else
        {
            _points[change.Id] = change.State;
        }
    }

    private ulong Existing() => _points.Keys.ElementAt(_random.Next(_points.Count));

    private OrderedChange Insert() => new(_nextId++, PointState.Random(_random, dimension), false);

    private OrderedChange Update(ulong id) => new(id, _points[id] with { Number = _random.Next(), Color = $"new {_random.Next()}" }, true);
}
