using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Search;

/// <summary>Queries that are compared with the same rows, in blocks of <see cref="QueryBlock.Lanes"/>, and the nearest of each.</summary>
internal sealed unsafe class SharedQueries
{
    /// <summary>
    /// At most so many in a scan of all: with the rows at hand, what belongs to them stays in the caches near the processor, and the next
    /// rows are fetched while those are compared with so many.
    /// </summary>
    public const int MostInScan = 4 * QueryBlock.Lanes;

    private const int Half = QueryBlock.Lanes / 2;
    private const int RowAlignment = 64;

    private readonly List<CandidatePool> _nearest = [];
    private readonly AlignedBuffer<byte> _blocks = new();
    private readonly AlignedBuffer<byte> _rows = new();
    private readonly AlignedBuffer<float> _worst = new();
    private (long Distances, int Expansions)[] _counts = [];
    private int _blockBytes;
    private int _rowBytes;

    public int Count { get; private set; }

    public int BlockCount => (Count + QueryBlock.Lanes - 1) / QueryBlock.Lanes;

    /// <summary>For each query the distance that a row has to beat; up to the end of a block none does where there is no query.</summary>
    public float* Worst => _worst.Pointer;

    /// <summary>See <see cref="SetBlocks"/>.</summary>
    public byte* Block(int block) => _blocks.Pointer + (block * (long)_blockBytes);

    /// <summary>See <see cref="SetRows"/>.</summary>
    public byte* Row(int query) => _rows.Pointer + (query * (long)_rowBytes);

    public CandidatePool Nearest(int query) => _nearest[query];

    /// <summary>Starts anew, with room for as many candidates for each query as it wants.</summary>
    public void Reset(ReadOnlySpan<SharedQuery> queries)
    {
        Count = queries.Length;
        int lanes = BlockCount * QueryBlock.Lanes;
        _worst.EnsureLength(lanes);
        new Span<float>(Worst, lanes).Fill(float.NegativeInfinity);
        if (_counts.Length < Count)
        {
            _counts = new (long, int)[Count];
        }

        for (int i = 0; i < Count; i++)
        {
            if (i == _nearest.Count)
            {
                _nearest.Add(new CandidatePool());
            }

            _nearest[i].Reset(queries[i].Effort.Width);
            Worst[i] = _nearest[i].Worst;
            _counts[i] = default;
        }
    }

    /// <summary>Makes room for so many blocks.</summary>
    public void SetBlocks(int count, int bytes)
    {
        _blockBytes = bytes;
        _blocks.EnsureLength(checked(count * bytes));
    }

    /// <summary>Makes room for a row of each query, as it is compared alone.</summary>
    public void SetRows(int bytes)
    {
        _rowBytes = (bytes + RowAlignment - 1) & -RowAlignment;
        _rows.EnsureLength(checked(Count * _rowBytes));
    }

    /// <summary>Gives the distance that a row has to beat from now on.</summary>
    public float Insert(int query, float distance, uint ordinal)
    {
        CandidatePool nearest = _nearest[query];
        nearest.Insert(distance, ordinal);
        return Worst[query] = nearest.Worst;
    }

    /// <summary>What the query has cost.</summary>
    public void SetCounts(int query, long distances, int expansions) => _counts[query] = (distances, expansions);

    public (long Distances, int Expansions) Counts(int query) => _counts[query];

    /// <summary>A bit for each lane whose distance is smaller than what it has to beat.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Nearer(float* distances, float* worst)
    {
        // In halves, as they were written: a load of both would wait until they are in the cache.
        return OfHalf(distances, worst) | (OfHalf(distances + Half, worst + Half) << Half);

        static uint OfHalf(float* distances, float* worst) =>
            Vector256.LessThan(Vector256.Load(distances), Vector256.Load(worst)).ExtractMostSignificantBits();
    }
}
