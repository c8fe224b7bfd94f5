using System.Numerics.Tensors;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>
/// The nearest rows of queries by brute force: nearest first, equal scores by row, as float64 has them. A pass in float32 proposes
/// twice as many as are wanted; where the rounding of that pass could have hidden one, the query is done again in float64.
/// </summary>
internal sealed class ExactNeighbours
{
    private const int BlockBytes = 1 << 19;
    private const int QueriesATask = 16;

    private readonly ScoreKind _score;
    private readonly float[] _rows;
    private readonly int _dimension;
    private readonly int _count;
    private readonly float[] _norms;

    public ExactNeighbours(ScoreKind score, float[] rows, int dimension)
    {
        _score = score;
        _rows = rows;
        _dimension = dimension;
        _count = rows.Length / dimension;
        _norms = new float[_count];
        Parallel.For(0, _count, row => _norms[row] = TensorPrimitives.Norm(Row(row)));
    }

    /// <summary>For each query (they lie one after the other, like the rows) the <paramref name="depth"/> nearest.</summary>
    public Neighbour[][] Find(float[] queries, int depth)
    {
        if (_count < depth)
            throw new InvalidDataException($"{_count} rows are too few for {depth} neighbours.");
        int count = queries.Length / _dimension;
        Neighbour[][] nearest = new Neighbour[count][];
        Parallel.For(0, (count + QueriesATask - 1) / QueriesATask, task =>
        {
            int first = task * QueriesATask, last = Math.Min(first + QueriesATask, count);
            Proposals[] proposals = [.. Enumerable.Range(first, last - first).Select(_ => new Proposals(2 * depth))];
            int block = Math.Max(1, BlockBytes / (sizeof(float) * _dimension));
            for (int start = 0; start < _count; start += block)
            {
                int end = Math.Min(start + block, _count);
                for (int i = first; i < last; i++)
                    Propose(queries.AsSpan(i * _dimension, _dimension), start, end, proposals[i - first]);
            }
            for (int i = first; i < last; i++)
                nearest[i] = Settle(queries.AsSpan(i * _dimension, _dimension), proposals[i - first], depth);
        });
        return nearest;
    }

    private void Propose(ReadOnlySpan<float> query, int start, int end, Proposals proposals)
    {
        for (int row = start; row < end; row++)
            proposals.Offer(row, Cost(query, row));
    }

    /// <summary>What float32 says: smaller is nearer.</summary>
    private float Cost(ReadOnlySpan<float> query, int row) => _score switch
    {
        ScoreKind.SquaredDistance => TensorPrimitives.Distance(query, Row(row)),
        ScoreKind.InnerProduct => -TensorPrimitives.Dot(query, Row(row)),
        _ => -TensorPrimitives.Dot(query, Row(row)) / _norms[row],
    };

    private Neighbour[] Settle(ReadOnlySpan<float> query, Proposals proposals, int depth)
    {
        Neighbour[] settled = Sorted(query, proposals.Rows)[..depth];
        return proposals.Rows.Length == _count || IsBeyond(query, settled[^1], proposals.Worst) ? settled : Sorted(query, AllRows())[..depth];
    }

    /// <summary>
    /// Whether no row whose float32 cost is at least <paramref name="cost"/> can be nearer than <paramref name="last"/>. A sum of n
    /// products errs by less than (n + 2) 2^-24 of the sum of their magnitudes, which is no more than the product of the norms.
    /// </summary>
    private bool IsBeyond(ReadOnlySpan<float> query, Neighbour last, float cost)
    {
        double rounding = (_dimension + 8) * Math.Pow(2, -24);
        double norm = TensorPrimitives.Norm(query);
        return _score switch
        {
            ScoreKind.SquaredDistance => cost * (1 - rounding) > Math.Sqrt(last.Score),
            ScoreKind.InnerProduct => cost - (rounding * norm * TensorPrimitives.Max(_norms)) > -last.Score,
            _ => (cost / norm) - rounding > -last.Score,
        };
    }

    private Neighbour[] Sorted(ReadOnlySpan<float> query, IEnumerable<int> rows)
    {
        List<Neighbour> scored = [];
        foreach (int row in rows)
            scored.Add(new Neighbour(row, ExactScore.Compute(_score, query, Row(row))));
        scored.Sort((a, b) => ExactScore.Compare(_score, a.Score, b.Score) is var order && order != 0 ? order : a.Row.CompareTo(b.Row));
        return [.. scored];
    }

    private IEnumerable<int> AllRows() => Enumerable.Range(0, _count);

    private ReadOnlySpan<float> Row(int row) => _rows.AsSpan(row * _dimension, _dimension);

    /// <summary>The cheapest rows so far, at most as many as the capacity.</summary>
    private sealed class Proposals(int capacity)
    {
        private readonly PriorityQueue<int, float> _worstFirst = new(capacity + 1);

        public int[] Rows => [.. _worstFirst.UnorderedItems.Select(item => item.Element)];

        /// <summary>No row that is not proposed costs less.</summary>
        public float Worst { get; private set; } = float.PositiveInfinity;

        public void Offer(int row, float cost)
        {
            if (cost >= Worst)
                return;
            _worstFirst.Enqueue(row, -cost);
            if (_worstFirst.Count > capacity)
                _worstFirst.Dequeue();
            if (_worstFirst.Count == capacity && _worstFirst.TryPeek(out _, out float negated))
                Worst = -negated;
        }
    }
}
