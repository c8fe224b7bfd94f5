using System.Numerics.Tensors;
using AnnServer.Core.Filtering;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// An HNSW graph over vectors, by ordinal. Searches and <see cref="Plan"/> run on any number of threads; members that say
/// "under the commit lock" are called by one thread at a time, which the caller arranges, since it also has to put the change
/// into its log in the same order. Every caller holds a rented <see cref="SearchScratch"/> while it uses ordinals.
/// </summary>
public abstract unsafe partial class VectorIndex : IDisposable
{
    /// <summary>Queries that can share a scan.</summary>
    public const int MaxShared = SharedQueries.MostInScan;

    /// <summary>Queries that share a scan are compared in multiples of this, some of which may be idle.</summary>
    public const int SharedLanes = QueryBlock.Lanes;

    private readonly SlotAllocator _slots;

    // Protects the growth of the arenas.
    private readonly Lock _growth = new();

    private protected VectorIndex(GraphParameters parameters, VectorsOnDisk? disk)
    {
        Parameters = parameters;
        Store = new GraphStore(parameters, disk);
        _slots = new SlotAllocator(parameters.MaxNodes);
    }

    public GraphParameters Parameters { get; }

    /// <summary>Points that can be found.</summary>
    public int LiveCount => Store.LiveCount;

    /// <summary>Slots of hidden points that are not yet free.</summary>
    public int HiddenCount => Store.HiddenCount;

    /// <summary>Slots in use or free; every ordinal is below it.</summary>
    public uint SlotCount => Store.SlotCount;

    /// <summary>Top layer of the entry point, or 0 in an empty graph.</summary>
    public int MaxLayer => Store.TryGetEntry(out _, out int layer) ? layer : 0;

    public long VectorMemoryBytes => Store.VectorMemoryBytes;

    /// <summary>Of the codes, and of the division of the points by them.</summary>
    public long CodeMemoryBytes => Store.CodeMemoryBytes + (Partitions?.MemoryBytes ?? 0);

    public long LinkMemoryBytes => Store.LinkMemoryBytes;

    internal GraphStore Store { get; }

    internal RecentCommits Recent { get; } = new();

    /// <summary>The index for a distance: the one place where the kernel is chosen.</summary>
    /// <param name="disk">Where vectors are that are moved out of memory; null where all stay.</param>
    public static VectorIndex Create(GraphParameters parameters, VectorsOnDisk? disk = null) => parameters.Distance switch
    {
        DistanceKind.SquaredEuclidean => Create<SquaredEuclidean>(parameters, disk),
        DistanceKind.NegativeDot => Create<NegativeDot>(parameters, disk),
        DistanceKind.NegativeCosine => Create<NegativeCosine>(parameters, disk),
        _ => throw new ArgumentOutOfRangeException(nameof(parameters), parameters.Distance, "Unknown distance."),
    };

    /// <summary>Told of a node before any of its rows is written by a change, while they are as they were. Under the commit lock.</summary>
    public Action<uint>? RowsChanging
    {
        get => Store.RowsChanging;
        set => Store.RowsChanging = value;
    }

    /// <summary>Takes a slot for a new vector. False when the index is full. Any thread.</summary>
    public bool TryReserve(out uint ordinal)
    {
        ordinal = 0;
        return TryReserve(new Span<uint>(ref ordinal));
    }

    /// <summary>Takes a slot for each element; none, and false, when the index has not as many left. Any thread.</summary>
    public bool TryReserve(Span<uint> ordinals)
    {
        if (!_slots.TryReserve(ordinals))
        {
            return false;
        }

        try
        {
            foreach (uint ordinal in ordinals)
            {
                EnsureSlot(ordinal);
                LeavePartitions(ordinal);
            }
        }
        catch (InsufficientMemoryException)
        {
            _slots.Release(ordinals);
            throw;
        }

        return true;
    }

    /// <summary>Gives back slots that nothing links to and no reader can still see. Any thread.</summary>
    public void Release(ReadOnlySpan<uint> ordinals)
    {
        // Not when they are forgotten: a search that is still at such a node has to find its way on.
        foreach (uint ordinal in ordinals)
        {
            Store.ClearRows(ordinal);
            Store.Movable?.Release(ordinal);
        }

        _slots.Release(ordinals);
    }

    /// <summary>Writes the vector of a reserved slot and works out its links into the plan of the scratch. Any thread.</summary>
    public abstract void Plan(uint ordinal, ReadOnlySpan<float> vector, SearchScratch scratch);

    /// <summary>Makes the planned node findable and links it. Under the commit lock.</summary>
    public abstract void Commit(SearchScratch scratch);

    /// <summary>The rows that the last commit or repair of the scratch wrote.</summary>
    public static IReadOnlyList<RowKey> ChangedRows(SearchScratch scratch) => scratch.Plan.Changed;

    /// <summary>Takes a point out of every later answer; it still leads the way until a sweep has unlinked it. Under the commit lock.</summary>
    public void Hide(uint ordinal) => Store.SetLive(ordinal, false);

    public bool IsLive(uint ordinal) => ordinal < Store.SlotCount && Store.IsLive(ordinal);

    /// <summary>The highest layer that the node of an ordinal reaches.</summary>
    public int TopLayer(uint ordinal) => Store.TopLayer(ordinal);

    /// <summary>Makes <paramref name="bitmap"/> the set of live ordinals.</summary>
    public void CopyLive(OrdinalBitmap bitmap)
    {
        OrdinalWords live = Store.Live;
        bitmap.Reset((int)Store.SlotCount);
        Span<ulong> words = bitmap.Words;
        for (int i = 0; i < Math.Min(words.Length, live.WordCount); i++)
        {
            words[i] = live.Word(i);
        }

        if ((bitmap.Length & 63) != 0)
        {
            // Points committed since the length was read must not leave bits beyond it.
            words[^1] &= (1UL << (bitmap.Length & 63)) - 1;
        }
    }

    /// <summary>The vector of an ordinal as it is kept: as it was given, or each element rounded to a half.</summary>
    /// <param name="vector">As many elements as the dimension.</param>
    public void CopyVector(uint ordinal, Span<float> vector)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(vector.Length, Parameters.Dimension);
        Store.CopyVector(ordinal, vector);
    }

    /// <summary>The links of a node on a layer. Under the commit lock.</summary>
    public ReadOnlySpan<uint> Links(RowKey row) => Store.ReadLinks(row.Ordinal, row.Layer);

    /// <summary>The node where searches start. False in an empty graph.</summary>
    public bool TryGetEntry(out uint ordinal) => Store.TryGetEntry(out ordinal, out _);

    /// <summary>
    /// Walks the graph for the nearest live points, as hard as <paramref name="effort"/> says. With <paramref name="accept"/> only
    /// its members are results; a walk past its budget is given up, false, and so is one within them that finds few around the query
    /// though <see cref="SearchEffort.Share"/> says otherwise. Results are in the scratch: more than are wanted, if more candidates were kept.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract bool Search(
        ReadOnlySpan<float> query, SearchEffort effort, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation);

    /// <summary>Compares with every live point, or every member of <paramref name="accept"/>: the k nearest, in the scratch.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void SearchExact(
        ReadOnlySpan<float> query, int k, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation) =>
        SearchExact(query, new SearchEffort(k, k), accept, scratch, cancellation);

    /// <summary>As above, for the results that an effort asks for.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract void SearchExact(
        ReadOnlySpan<float> query, SearchEffort effort, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation);

    /// <summary>The distances of the vectors of live ordinals, each as a search would have it.</summary>
    /// <param name="distances">As many as ordinals.</param>
    public abstract void Compare(ReadOnlySpan<float> query, ReadOnlySpan<uint> ordinals, Span<float> distances, SearchScratch scratch);

    /// <summary>
    /// Compares with the codes of every member of <paramref name="accept"/> and orders the best of them by their vectors, as a walk does
    /// that leaves nothing out.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract void SearchCodes(
        ReadOnlySpan<float> query, SearchEffort effort, OrdinalBitmap accept, SearchScratch scratch, CancellationToken cancellation);

    /// <summary>
    /// Compares many queries with every member of <paramref name="accept"/>, which is cheaper than one after another. Each finds what
    /// <see cref="SearchCodes"/> finds, with the vectors instead of the codes what <see cref="SearchExact"/> does; <see cref="SelectShared"/>
    /// makes it the result of the scratch.
    /// </summary>
    /// <param name="queries">At most <see cref="MaxShared"/>.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract void SearchShared(
        ReadOnlySpan<SharedQuery> queries, bool byCodes, OrdinalBitmap accept, SearchScratch scratch, CancellationToken cancellation);

    /// <summary>
    /// Makes what one of the queries of <see cref="SearchShared"/> or <see cref="SearchPartitionsShared"/> has found the result of the scratch,
    /// and counts what it has cost.
    /// </summary>
    /// <param name="at">Its place among them.</param>
    public abstract void SelectShared(int at, in SharedQuery query, bool byCodes, SearchScratch scratch);

    /// <summary>
    /// Works out the row of a node without its hidden neighbours, into the plan of the scratch. False if it has none. Any thread.
    /// </summary>
    public abstract bool PlanRepair(RowKey row, SearchScratch scratch);

    /// <summary>Writes the planned row, worked out anew if the row has changed since. Under the commit lock.</summary>
    public abstract void CommitRepair(SearchScratch scratch);

    /// <summary>Works out links on layer 0 for a node that is in the index but that nothing reaches there. Any thread.</summary>
    public abstract void PlanRelink(uint ordinal, SearchScratch scratch);

    /// <summary>
    /// Links the node again; it still leads to what it led to. False if no row had room for a link to it. Under the commit lock.
    /// </summary>
    public abstract bool CommitRelink(SearchScratch scratch);

    /// <summary>
    /// Forgets hidden slots that a sweep has unlinked from every row, those of hidden nodes that stay included, and moves the
    /// entry point if it is one of them. Under the commit lock.
    /// </summary>
    public void Forget(ReadOnlySpan<uint> ordinals)
    {
        if (Store.TryGetEntry(out uint entry, out _) && ordinals.Contains(entry))
        {
            MoveEntry();
        }

        Store.ForgetHidden(ordinals.Length);
    }

    /// <summary>Bytes of a vector in <see cref="TryCopyKept"/>.</summary>
    public int KeptBytes => Store.KeptBytes;

    /// <summary>Bytes of the rows of a node in <see cref="CopyRows"/>; they follow from its ordinal.</summary>
    public int RowsBytes(uint ordinal) => Store.RowsBytes(ordinal);

    /// <summary>Whether vectors can be moved out of memory.</summary>
    public bool KeepsVectorsOnDisk => Store.Movable is not null;

    /// <summary>
    /// The vector of an ordinal in the bytes it is kept in. False where it is not in memory: then <paramref name="place"/> says where it
    /// is, or is 0 for a slot that has none.
    /// </summary>
    public bool TryCopyKept(uint ordinal, Span<byte> vector, out long place)
    {
        place = 0;
        byte* row = Store.Movable is null ? Store.Vector(ordinal) : Store.Movable.TryRow(ordinal, out place);
        if (row == null)
        {
            return false;
        }

        new ReadOnlySpan<byte>(row, Store.KeptBytes).CopyTo(vector);
        return true;
    }

    /// <summary>Says that the vector of a node is at a place outside from now on. Under the commit lock, and only if it is not free.</summary>
    public void MoveOut(uint ordinal, long place) => Store.Movable!.Move(ordinal, place);

    /// <summary>The memory of the vectors that were moved out since the last call, for <see cref="FreeMoved"/>.</summary>
    public List<uint> TakeMoved() => Store.Movable!.TakeMoved();

    /// <summary>Gives the memory of vectors that were moved out to others. When all readers of before have left.</summary>
    public void FreeMoved(List<uint> moved) => Store.Movable!.Free(moved);

    /// <summary>The rows of a node as they are. Under the commit lock.</summary>
    public void CopyRows(uint ordinal, Span<byte> rows) => Store.CopyRows(ordinal, rows);

    /// <summary>Frees the memory. Only when no scratch is rented for this index any more.</summary>
    public void Dispose()
    {
        Store.Dispose();
        GC.SuppressFinalize(this);
    }

    private static VectorIndex Create<TKernel>(GraphParameters parameters, VectorsOnDisk? disk)
        where TKernel : struct, IDistanceKernel => parameters.UseHalves
        ? CreateOver<FullRows<TKernel, Half>>(parameters, disk)
        : CreateOver<FullRows<TKernel, float>>(parameters, disk);

    private static VectorIndex CreateOver<TVectors>(GraphParameters parameters, VectorsOnDisk? disk)
        where TVectors : struct, IRowSpace => parameters.Codes switch
        {
            CodeKind.None => new VectorIndex<TVectors, TVectors>(parameters, disk),
            CodeKind.Int8 => new VectorIndex<CodeRows, TVectors>(parameters, disk),
            CodeKind.Int4 => new VectorIndex<NibbleRows, TVectors>(parameters, disk),
            _ => throw new ArgumentOutOfRangeException(nameof(parameters), parameters.Codes, "Unknown codes."),
        };

    private void EnsureSlot(uint ordinal)
    {
        lock (_growth)
        {
            Store.EnsureSlot(ordinal);
        }
    }

    // The live node that reaches highest, the lowest ordinal of those: a rule that a replay follows to the same node.
    // Published at once: a search that found no entry meanwhile would answer as from an empty index.
    private void MoveEntry()
    {
        uint highest = GraphStore.NoNode;
        int highestLayer = -1;
        uint slotCount = Store.SlotCount;
        for (uint ordinal = 0; ordinal < slotCount; ordinal++)
        {
            if (Store.IsLive(ordinal) && Store.TopLayer(ordinal) > highestLayer)
            {
                highest = ordinal;
                highestLayer = Store.TopLayer(ordinal);
            }
        }

        if (highestLayer < 0)
        {
            Store.ClearEntry();
        }
        else
        {
            Store.SetEntry(highest);
        }
    }
}
