namespace AnnServer.LoadGen.Soak;

/// <summary>
/// What the server owes: of each point the version that was acknowledged, and that of the write whose outcome is not known. A point has one
/// such write at most, so that whenever nothing is on its way it must be one of the two. Any thread.
/// </summary>
internal sealed class SoakLedger
{
    private const int Described = 5;

    // Protects the fields below.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, PointVersion?> _acknowledged = [];
    private readonly Dictionary<ulong, PointVersion?> _sent = [];
    private long _acknowledgements;

    /// <summary>Changes of points that were acknowledged.</summary>
    public long Acknowledgements => Interlocked.Read(ref _acknowledgements);

    /// <summary>Notes a change before it is sent. False if the point has one on its way.</summary>
    public bool TrySend(ulong id, Func<PointVersion?, PointVersion?> change, out PointVersion? version)
    {
        lock (_gate)
        {
            version = change(_acknowledged.GetValueOrDefault(id));
            return _sent.TryAdd(id, version);
        }
    }

    public void Acknowledge(IEnumerable<ulong> ids)
    {
        lock (_gate)
        {
            foreach (ulong id in ids)
            {
                _sent.Remove(id, out PointVersion? version);
                _acknowledged[id] = version;
                _acknowledgements++;
            }
        }
    }

    /// <summary>The server answered that it changed nothing.</summary>
    public void Refuse(IEnumerable<ulong> ids)
    {
        lock (_gate)
        {
            foreach (ulong id in ids)
                _sent.Remove(id);
        }
    }

    /// <summary>Compares with what the server holds while nothing is on its way, and goes on from there.</summary>
    /// <returns>Points that are not what they must be, and the first of them in words.</returns>
    public (int Lost, IReadOnlyList<string> First) Settle(IReadOnlyDictionary<ulong, PointVersion> actual)
    {
        lock (_gate)
        {
            int lost = 0;
            List<string> first = [];
            foreach (ulong id in _acknowledged.Keys.Union(_sent.Keys).Union(actual.Keys))
            {
                PointVersion? found = actual.TryGetValue(id, out PointVersion version) ? version : null;
                PointVersion? acknowledged = _acknowledged.GetValueOrDefault(id);
                if (found == acknowledged || (_sent.TryGetValue(id, out PointVersion? sent) && found == sent))
                    continue;
                lost++;
                if (first.Count < Described)
                    first.Add($"point {id} is {Describe(found)}, acknowledged was {Describe(acknowledged)}");
            }
            _acknowledged.Clear();
            _sent.Clear();
            foreach ((ulong id, PointVersion version) in actual)
                _acknowledged.Add(id, version);
            return (lost, first);
        }
    }

    private static string Describe(PointVersion? version) => version is { } there ? $"vector {there.Row} of write {there.Number}" : "absent";
}
