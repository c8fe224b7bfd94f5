namespace AnnServer.CrashTests;

/// <summary>
/// What the server owes: for each point the state that was acknowledged, and the one that is on its way. A point has one change
/// on its way at most, so after a crash it must be in one of the two states. Any thread.
/// </summary>
/// <param name="trustsSent">The broken control: takes whatever was sent for acknowledged.</param>
internal sealed class Ledger(bool trustsSent)
{
    // Protects the fields below.
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, PointState?> _acknowledged = [];
    private readonly Dictionary<ulong, PointState?> _sent = [];
    private long _acknowledgements;

    public long Acknowledgements => Volatile.Read(ref _acknowledgements);

    /// <summary>Notes a change before it is sent. False if the point has one on its way.</summary>
    public bool TrySend(ulong id, Func<PointState?, PointState?> change, out PointState? state)
    {
        lock (_lock)
        {
            PointState? current = _acknowledged.GetValueOrDefault(id);
            state = change(current);
            if (!_sent.TryAdd(id, state))
            {
                return false;
            }

            if (trustsSent)
            {
                _acknowledged[id] = state;
            }

            return true;
        }
    }

    public void Acknowledge(IEnumerable<ulong> ids)
    {
        lock (_lock)
        {
            foreach (ulong id in ids)
            {
                _acknowledged[id] = _sent[id];
                _sent.Remove(id);
                _acknowledgements++;
            }
        }
    }

    /// <summary>Compares with what a restarted server holds, says what is wrong, and goes on from there.</summary>
    public List<string> Recover(Dictionary<ulong, PointState> actual)
    {
        lock (_lock)
        {
            var wrong = new List<string>();
            foreach (ulong id in _acknowledged.Keys.Union(_sent.Keys).Union(actual.Keys))
            {
                PointState? found = actual.GetValueOrDefault(id);
                PointState? acknowledged = _acknowledged.GetValueOrDefault(id);
                bool isSent = !trustsSent && _sent.TryGetValue(id, out PointState? sent) && sent == found;
                if (found != acknowledged && !isSent)
                {
                    wrong.Add($"point {id} is {Describe(found)}, acknowledged was {Describe(acknowledged)}");
                }
            }

            _acknowledged.Clear();
            _sent.Clear();
            foreach ((ulong id, PointState state) in actual)
            {
                _acknowledged.Add(id, state);
            }

            return wrong;
        }
    }

    private static string Describe(PointState? state) => state is null
        ? "absent"
        : $"{Convert.ToHexString(state.Vector.Span[..8])} number {state.Number} color {state.Color}";
}
