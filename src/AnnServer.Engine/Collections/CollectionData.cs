using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Engine.Collections;

/// <summary>
/// What a collection holds in memory: the graph, the identifiers and the attributes, by ordinal. The live path and the replay
/// of the log both change it, and only it.
/// </summary>
internal sealed class CollectionData : IIdResolver, IDisposable
{
    // A copy that a replacement has spoilt is made again so often before writers are kept out for it.
    private const int OptimisticReads = 3;

    private volatile CollectionConfig _config;
    private volatile bool _isDropped;
    private long _revision;

    /// <param name="disk">Where vectors are kept on disk; null where no collection does that.</param>
    public CollectionData(uint number, CollectionConfig config, EngineLimits limits, VectorDisk? disk)
    {
        Number = number;
        _config = config;
        Limits = limits;
        var parameters = new GraphParameters(
            config.Dimension,
            ToDistance(config.Metric),
            config.Hnsw.M,
            config.Hnsw.EfConstruction,
            config.Hnsw.Seed,
            (uint)limits.MaxPointsPerCollection)
        {
            Codes = (CodeKind)config.Quantization,
            UseHalves = config.VectorStorage == VectorStorage.Float16,
        };
        Vectors = config.VectorPlacement == VectorPlacement.Disk ? disk!.Of(number) : null;
        Index = VectorIndex.Create(parameters, Vectors);
        Attributes = new AttributeTable(config.Attributes, Index.IsLive);
        Recall = new RecallState(Index);
        Pages = new ChangedPages(this);
    }

    /// <summary>The collection's number in the log; never used again after it is dropped.</summary>
    public uint Number { get; }

    public EngineLimits Limits { get; }

    /// <summary>Replaced as a whole when the indexed attributes change.</summary>
    public CollectionConfig Config
    {
        get => _config;
        set => _config = value;
    }

    public VectorIndex Index { get; }

    /// <summary>Where the vectors are that are not in memory; null where all are.</summary>
    public VectorsOnDisk? Vectors { get; }

    public IdMap Ids { get; } = new();

    public AttributeTable Attributes { get; }

    public SearchTotals Searches { get; } = new();

    public RecallState Recall { get; }

    /// <summary>
    /// Taken for each change, around applying it and putting it into the log, so that the log has the order in which changes
    /// were applied and any prefix of it is a whole graph. Inside it only the log's own lock is taken.
    /// </summary>
    public Lock CommitLock { get; } = new();

    /// <summary>The ordinals of hidden points whose slots are not yet free. Under the commit lock.</summary>
    public HashSet<uint> Hidden { get; } = [];

    /// <summary>What the next checkpoint has to write. Every change of a slot is announced here first. Under the commit lock.</summary>
    public ChangedPages Pages { get; }

    /// <summary>Builds records; under the commit lock.</summary>
    public RecordWriter Record { get; } = new();

    /// <summary>Set before readers are waited for; whoever rents a scratch looks at it next.</summary>
    public bool IsDropped
    {
        get => _isDropped;
        set => _isDropped = value;
    }

    /// <summary>Takes a point out of every later answer. Under the commit lock.</summary>
    public void Hide(uint ordinal)
    {
        Pages.Changing(PageKind.Point, ordinal);
        Index.Hide(ordinal);
        Hidden.Add(ordinal);
    }

    /// <summary>What a slot is used for. Under the commit lock.</summary>
    public SlotState StateOf(uint ordinal) =>
        Index.IsLive(ordinal) ? SlotState.Live : Hidden.Contains(ordinal) ? SlotState.Hidden : SlotState.Free;

    /// <summary>
    /// Counts changes that could make a point that a running search has accepted differ from what it accepted. Odd while a
    /// point is being replaced, when its old and its new slot may both be live, or is being given other attributes.
    /// </summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>Whether nothing of the kind has happened since the revision was read, nor was under way.</summary>
    public bool IsUnchangedSince(long revision) => (revision & 1) == 0 && Revision == revision;

    /// <summary>Under the commit lock, as are the next two.</summary>
    public void AdvanceRevision() => Volatile.Write(ref _revision, _revision + 2);

    public void BeginReplacement() => Volatile.Write(ref _revision, _revision + 1);

    public void EndReplacement() => Volatile.Write(ref _revision, _revision + 1);

    /// <summary>Makes <paramref name="bitmap"/> the set of live ordinals at one moment: a point that is being replaced is in it once.</summary>
    public void CopyLive(OrdinalBitmap bitmap)
    {
        for (int attempt = 0; attempt < OptimisticReads; attempt++)
        {
            long revision = Revision;
            Index.CopyLive(bitmap);
            if (IsUnchangedSince(revision))
            {
                return;
            }
        }

        lock (CommitLock)
        {
            Index.CopyLive(bitmap);
        }
    }

    /// <summary>Points that can be found, at one moment.</summary>
    public int CountLive()
    {
        long revision = Revision;
        int count = Index.LiveCount;
        if (IsUnchangedSince(revision))
        {
            return count;
        }

        lock (CommitLock)
        {
            return Index.LiveCount;
        }
    }

    public bool TryResolve(PointId id, out uint ordinal) => Ids.TryGet(id, out ordinal);

    public MemoryUsage GetMemory() => new(
        Index.VectorMemoryBytes, Index.CodeMemoryBytes, Index.LinkMemoryBytes, Ids.MemoryBytes, Attributes.MemoryBytes, Attributes.IndexMemoryBytes);

    /// <summary>About as many bytes as the pages of all points take in the page store, without slots that wait for a sweep.</summary>
    public long EstimatePageBytes() => EstimatePageBytes(static (data, _) => data.Index.LiveCount);

    /// <summary>About as many bytes as the next checkpoint would add to the page store.</summary>
    public long EstimateChangedBytes() => EstimatePageBytes(static (data, kind) => data.Pages.Changed(kind));

    private long EstimatePageBytes(Func<CollectionData, PageKind, long> count)
    {
        // The key and the envelope of a page, rounded up.
        const int OverheadBytes = 48;
        int linkBytes = (Index.Parameters.MaxLinks0 + 2) * sizeof(uint);
        long pointBytes = (Ids.KeyBytes + Attributes.MemoryBytes) / Math.Max(1, Index.LiveCount);
        return (count(this, PageKind.Point) * (OverheadBytes + pointBytes))
            + (count(this, PageKind.Vector) * (OverheadBytes + Index.KeptBytes))
            + (count(this, PageKind.Links) * (OverheadBytes + linkBytes));
    }

    /// <summary>The metric's natural value of what the graph minimises.</summary>
    public static float ToScore(Metric metric, float distance) => metric == Metric.L2 ? MathF.Sqrt(distance) : -distance;

    public void Dispose()
    {
        Index.Dispose();
        Attributes.Dispose();
    }

    private static DistanceKind ToDistance(Metric metric) => metric switch
    {
        Metric.L2 => DistanceKind.SquaredEuclidean,
        Metric.Cosine => DistanceKind.NegativeCosine,
        Metric.Dot => DistanceKind.NegativeDot,
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "Unknown metric."),
    };
}
