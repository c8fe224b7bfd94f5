using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Search;

/// <summary>Queries that are compared with the same rows, side by side in blocks of <see cref="QueryBlock.Lanes"/>, and the nearest of each.</summary>
internal sealed unsafe class SharedQueries
{
    /// <summary>
    /// At most so many at once: with the rows at hand, what belongs to them stays in the caches near the processor, and the next rows are
    /// fetched while those are compared with so many.
    /// </summary>
    public const int Capacity = 4 * QueryBlock.Lanes;

    private readonly List<CandidatePool> _nearest = [];
    private readonly AlignedBuffer<byte> _blocks = new();
    private readonly AlignedBuffer<float> _worst = new();
    private int _blockBytes;

    public int Count { get; private set; }

    public int BlockCount => (Count + QueryBlock.Lanes - 1) / QueryBlock.Lanes;

    /// <summary>For each lane the distance that a row has to beat; none does where there is no query.</summary>
    public float* Worst => _worst.Pointer;

    public byte* Block(int block) => _blocks.Pointer + (block * (long)_blockBytes);

    public CandidatePool Nearest(int query) => _nearest[query];

    /// <summary>Starts anew, with room for so many candidates for each query.</summary>
    public void Reset(ReadOnlySpan<SharedQuery> queries, int blockBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queries.Length, Capacity);
        Count = queries.Length;
        _blockBytes = blockBytes;
        _blocks.EnsureLength(checked(BlockCount * blockBytes));
        _worst.EnsureLength(Capacity);
        new Span<float>(Worst, Capacity).Fill(float.NegativeInfinity);
        for (int i = 0; i < Count; i++)
        {
            if (i == _nearest.Count)
            {
                _nearest.Add(new CandidatePool());
            }

            _nearest[i].Reset(queries[i].Effort.Width);
            Worst[i] = _nearest[i].Worst;
        }
    }

    public void Insert(int query, float distance, uint ordinal)
    {
        CandidatePool nearest = _nearest[query];
        nearest.Insert(distance, ordinal);
        Worst[query] = nearest.Worst;
    }
}
