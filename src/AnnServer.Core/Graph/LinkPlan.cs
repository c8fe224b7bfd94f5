using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// The links of one node to be inserted, worked out without a lock: its own rows, and for each neighbour the row it has and the
/// row it should get. The commit applies a neighbour's new row if its old one still stands, and works it out anew otherwise.
/// </summary>
internal sealed class LinkPlan
{
    private readonly List<LayerPlan> _layers = [];
    private readonly List<RowKey> _changed = [];

    public uint Ordinal { get; private set; }

    /// <summary>Layers that got a plan: those of the node that the graph had when the plan was made.</summary>
    public int LayerCount { get; private set; }

    /// <summary>Commits that the plan has seen; those since then may be neighbours it does not know.</summary>
    public long SeenCommits { get; private set; }

    /// <summary>Rows that the commit wrote; the node's own included.</summary>
    public IReadOnlyList<RowKey> Changed => _changed;

    public void Begin(uint ordinal, long seenCommits)
    {
        Ordinal = ordinal;
        SeenCommits = seenCommits;
        LayerCount = 0;
        _changed.Clear();
    }

    /// <summary>The plan of a layer, emptied on first use after <see cref="Begin"/>.</summary>
    public LayerPlan Layer(int layer)
    {
        while (_layers.Count <= layer)
        {
            _layers.Add(new LayerPlan());
        }

        while (LayerCount <= layer)
        {
            _layers[LayerCount++].Clear();
        }

        return _layers[layer];
    }

    public void AddChanged(RowKey row) => _changed.Add(row);

    internal sealed class LayerPlan
    {
        private readonly List<PlannedRow> _rows = [];

        /// <summary>Neighbours of the node, nearest first.</summary>
        public List<Candidate> Neighbors { get; } = [];

        public void Clear()
        {
            Neighbors.Clear();
            RowCount = 0;
        }

        public int RowCount { get; private set; }

        public PlannedRow Row(int index) => _rows[index];

        public PlannedRow AddRow()
        {
            if (RowCount == _rows.Count)
            {
                _rows.Add(new PlannedRow());
            }

            return _rows[RowCount++];
        }
    }

    /// <summary>A neighbour's row before and after the new node is linked from it.</summary>
    internal sealed class PlannedRow
    {
        public uint Ordinal { get; set; }

        public List<uint> Before { get; } = [];

        public List<uint> After { get; } = [];
    }
}
