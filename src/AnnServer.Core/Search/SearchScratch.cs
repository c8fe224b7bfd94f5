using AnnServer.Core.Graph;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Search;

/// <summary>
/// Everything one thread needs to search or to plan an insert, grown once and used again. Rented from a
/// <see cref="ScratchPool"/>; while it is rented, no slot that its owner can see is given to another vector.
/// </summary>
public sealed unsafe class SearchScratch
{
    internal const long Idle = long.MaxValue;

    private long _epoch = Idle;

    internal SearchScratch()
    {
    }

    /// <summary>Distances computed since the counters were reset.</summary>
    public long DistanceComputations { get; internal set; }

    /// <summary>Nodes whose links were followed since the counters were reset.</summary>
    public long Expansions { get; internal set; }

    /// <summary>Members of parts that searches by parts looked at, or would have had to, since the counters were reset.</summary>
    public long MembersTested { get; internal set; }

    /// <summary>
    /// A node that walks on layer 0 must not meet, so that its vector can stand for one that is not stored; null for none. It must be
    /// on no other layer.
    /// </summary>
    public uint? HeldOut { get; set; }

    /// <summary>Nodes that were hidden when the search began; see <see cref="HnswSearcher{TRows}.TryBegin"/>.</summary>
    internal int Hidden { get; set; }

    /// <summary>Links of the node that is being inserted; see <see cref="VectorIndex.Plan"/>.</summary>
    internal LinkPlan Plan { get; } = new();

    /// <summary>Nodes to expand, and in an unfiltered search also its results.</summary>
    internal CandidatePool Pool { get; } = new();

    /// <summary>Nodes that pass the filter.</summary>
    internal CandidatePool Accepted { get; } = new();

    /// <summary>The best of a walk over codes, ordered by their vectors.</summary>
    internal CandidatePool Reranked { get; } = new();

    internal CandidateHeap Frontier { get; } = new();

    internal VisitedSet Visited { get; } = new();

    /// <summary>A vector on its way into its row.</summary>
    internal AlignedBuffer<float> Vector { get; } = new();

    /// <summary>Rows of vectors that are not in memory.</summary>
    internal AlignedBuffer<byte> Rows { get; } = new();

    /// <summary>What vectors are compared with.</summary>
    internal AlignedBuffer<byte> Query { get; } = new();

    /// <summary>What the walk compares rows with.</summary>
    internal AlignedBuffer<byte> WalkQuery { get; } = new();

    internal AlignedBuffer<uint> Nodes { get; } = new();

    internal AlignedBuffer<float> Distances { get; } = new();

    internal NeighborSelection Selection { get; } = new();

    /// <summary>Made when queries first share a scan, which takes more memory than all else.</summary>
    internal SharedQueries Shared => field ??= new SharedQueries();

    /// <summary>Made when queries first search by parts together.</summary>
    internal PartSchedule PartSchedule => field ??= new PartSchedule();

    /// <summary>The results of the last search, nearest first: the pool that it filled.</summary>
    internal CandidatePool? Results { get; set; }

    public int ResultCount => Results?.Count ?? 0;

    /// <summary>The result at a position, nearest first.</summary>
    public Candidate Result(int index) => Results![index];

    /// <summary>Starts counting anew, for the next of several searches.</summary>
    public void ResetCounters()
    {
        DistanceComputations = 0;
        Expansions = 0;
        MembersTested = 0;
    }

    internal long Epoch => Volatile.Read(ref _epoch);

    internal void Enter(long epoch)
    {
        Volatile.Write(ref _epoch, epoch);
        // Orders the epoch before every read of the graph: a reclaimer that does not see it has already removed the links.
        Interlocked.MemoryBarrier();
        ResetCounters();
    }

    internal void Leave()
    {
        Results = null;
        HeldOut = null;
        Volatile.Write(ref _epoch, Idle);
    }
}
