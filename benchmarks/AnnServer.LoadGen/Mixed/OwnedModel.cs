namespace AnnServer.LoadGen.Mixed;

/// <summary>
/// The points of one worker. Workers own disjoint ranges of identifiers and send one request at a time, so what a worker's own
/// points are is known exactly whatever the others do.
/// </summary>
internal sealed class OwnedModel(int worker)
{
    public const int IdsPerWorker = 100_000_000;

    private readonly ulong _firstId = (ulong)worker * IdsPerWorker;
    private readonly Dictionary<ulong, ModelPoint> _live = [];
    private readonly List<ulong> _ids = [];
    private readonly Dictionary<ulong, int> _positions = [];
    private readonly List<ulong> _deleted = [];
    private ulong _issued;

    public int Worker { get; } = worker;

    public int Count => _ids.Count;

    public IReadOnlyCollection<ModelPoint> Points => _live.Values;

    public ulong NewId() => _firstId + _issued++;

    public bool Owns(ulong id) => id >= _firstId && id < _firstId + IdsPerWorker;

    public ModelPoint? Find(ulong id) => _live.GetValueOrDefault(id);

    public void Put(ModelPoint point)
    {
        if (!_live.ContainsKey(point.Id))
        {
            _positions[point.Id] = _ids.Count;
            _ids.Add(point.Id);
        }
        _live[point.Id] = point;
    }

    public bool Remove(ulong id)
    {
        if (!_live.Remove(id))
            return false;
        _positions.Remove(id, out int position);
        ulong last = _ids[^1];
        _ids.RemoveAt(_ids.Count - 1);
        if (last != id)
        {
            _ids[position] = last;
            _positions[last] = position;
        }
        _deleted.Add(id);
        return true;
    }

    public ulong RandomLiveId(Random random) => _ids[random.Next(_ids.Count)];

    /// <summary>An identifier that was deleted and may have been used again since; one never used where nothing was deleted.</summary>
    public ulong RandomDeletedId(Random random) =>
        _deleted.Count == 0 ? _firstId + IdsPerWorker - 1 : _deleted[random.Next(_deleted.Count)];
}
