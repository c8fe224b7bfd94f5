using AnnServer.Core.Search;
using AnnServer.Engine.Collections.Scrolling;
using AnnServer.Engine.Maintenance;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>
/// One collection: points, their graph and their attributes. Every member may be called from any thread. A call that takes
/// <see cref="Faults"/> adds what is wrong with its arguments to what the caller has found, and fails if there is anything.
/// </summary>
public sealed class Collection
{
    private readonly CollectionContext _context;
    private readonly PointWriter _writer;
    private readonly PointDeleter _deleter;
    private readonly AttributeWriter _attributes;
    private readonly PointReader _reader;
    private readonly ScrollReader _scrolls;
    private readonly FacetReader _facets;
    private readonly SampleReader _samples;
    private readonly SearchExecutor _executor;

    internal Collection(CollectionData data, CollectionContext context)
    {
        Data = data;
        _context = context;
        _reader = new PointReader(data, context);
        _scrolls = new ScrollReader(data, context, _reader);
        _facets = new FacetReader(data, context, _reader);
        _samples = new SampleReader(data, context, _reader);
        var gate = new CommitGate(data, context);
        _writer = new PointWriter(data, context, gate);
        _deleter = new PointDeleter(data, context, gate, _reader);
        _attributes = new AttributeWriter(data, context, gate);
        _executor = new SearchExecutor(data, context, _reader);
    }

    public CollectionConfig Config => Data.Config;

    /// <summary>Points that can be found, as of now.</summary>
    public int PointCount => Data.Index.LiveCount;

    internal CollectionData Data { get; }

    public CollectionInfo GetInfo()
    {
        // Keeps the memory of a collection that is dropped meanwhile until it is counted.
        using ScratchPool.Scope scope = _context.Scratches.Rent();
        return new CollectionInfo(
            Data.Config,
            _context.Log.Fault is null && _context.Log.Disk.Shortage() is null ? CollectionState.Ready : CollectionState.ReadOnly,
            Data.Index.LiveCount,
            Data.Index.HiddenCount,
            Data.Index.MaxLayer,
            Data.IsDropped ? default : Data.GetMemory());
    }

    /// <summary>
    /// Inserts points, replacing those whose identifier exists, in their order; completes when all are as durable as asked for. All
    /// are checked, and there must be room for all, before any is written. If it is cancelled or the store fails, some may have been
    /// written.
    /// </summary>
    public ValueTask<EngineResult<WriteReceipt>> UpsertAsync(
        IReadOnlyList<Point> points, Faults faults, CancellationToken cancellation, Durability durability = Durability.Fsynced) =>
        _writer.UpsertAsync(points, null, durability, faults, cancellation);

    /// <summary>As above, after all that was begun with the same order before. Its callers come one after another.</summary>
    public ValueTask<EngineResult<WriteReceipt>> UpsertAsync(
        IReadOnlyList<Point> points,
        WriteOrder order,
        Faults faults,
        CancellationToken cancellation,
        Durability durability = Durability.Fsynced) =>
        _writer.UpsertAsync(points, order, durability, faults, cancellation);

    /// <summary>The points that exist, in the order of the identifiers.</summary>
    public EngineResult<IReadOnlyList<Point>> Get(
        IReadOnlyList<PointId> ids, bool withAttributes, bool withVector, ulong readAfter, Faults faults)
    {
        try
        {
            return _reader.Get(ids, withAttributes, withVector, readAfter, faults);
        }
        catch (IOException error)
        {
            return Unreadable(error);
        }
    }

    /// <summary>Deletes points; unknown identifiers are passed over. Completes when as durable as asked for.</summary>
    public ValueTask<EngineResult<WriteReceipt>> DeleteAsync(
        IReadOnlyList<PointId> ids, Faults faults, CancellationToken cancellation, Durability durability = Durability.Fsynced) =>
        _deleter.DeleteAsync(ids, durability, faults, cancellation);

    /// <summary>Deletes the points that satisfy the filter at one moment. Completes when as durable as asked for.</summary>
    public ValueTask<EngineResult<WriteReceipt>> DeleteAsync(
        FilterSpec filter, Faults faults, CancellationToken cancellation, Durability durability = Durability.Fsynced) =>
        _deleter.DeleteAsync(filter, durability, faults, cancellation);

    /// <summary>Changes attributes and leaves vectors alone; completes when as durable as asked for.</summary>
    public ValueTask<EngineResult<AttributeUpdateReceipt>> UpdateAttributesAsync(
        IReadOnlyList<AttributeUpdate> updates,
        Faults faults,
        CancellationToken cancellation,
        Durability durability = Durability.Fsynced) =>
        _attributes.UpdateAttributesAsync(updates, durability, faults, cancellation);

    /// <summary>The number of points that satisfy the filter, exactly.</summary>
    public EngineResult<long> Count(FilterSpec filter, ulong readAfter, Faults faults, CancellationToken cancellation = default) =>
        _reader.Count(filter, readAfter, faults, cancellation);

    /// <summary>The values of indexed attributes among the points that satisfy the filter, with exact counts.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; it is looked at throughout.</exception>
    public EngineResult<FacetAnswer> Facets(FacetQuery query, Faults faults, CancellationToken cancellation = default) =>
        _facets.Count(query, faults, cancellation);

    /// <summary>Some of the points that satisfy the filter: each as likely as any other, none twice, in random order.</summary>
    public EngineResult<PointSample> Sample(SampleQuery query, Faults faults, CancellationToken cancellation = default)
    {
        try
        {
            return _samples.Sample(query, faults, cancellation);
        }
        catch (IOException error)
        {
            return Unreadable(error);
        }
    }

    /// <summary>One page of points in order. A point that is there throughout a scroll is on exactly one of its pages.</summary>
    public EngineResult<ScrollPage> Scroll(ScrollQuery query, Faults faults, CancellationToken cancellation = default)
    {
        try
        {
            return _scrolls.Scroll(query, faults, cancellation);
        }
        catch (IOException error)
        {
            return Unreadable(error);
        }
    }

    /// <summary>The nearest points, best first: k of them whenever as many match.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; it is looked at throughout.</exception>
    public EngineResult<SearchAnswer> Search(SearchQuery query, Faults faults, CancellationToken cancellation)
    {
        var answer = new SearchAnswer();
        EngineResult<bool> done = TrySearch(query, answer, long.MaxValue, faults, cancellation);
        return done.IsOk ? answer : done.Error;
    }

    /// <summary>
    /// Fills <paramref name="answer"/> with the nearest points. False, having made no search, where that is estimated to compute more
    /// than <paramref name="mostDistances"/>: a thread that has short work waiting leaves such a search to another.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; it is looked at throughout.</exception>
    public EngineResult<bool> TrySearch(
        SearchQuery query, SearchAnswer answer, long mostDistances, Faults faults, CancellationToken cancellation)
    {
        try
        {
            return _executor.Search(query, answer, mostDistances, faults, cancellation);
        }
        catch (IOException error)
        {
            return Unreadable(error);
        }
    }

    /// <summary>Several searches, checked before any is made, answered in order; equivalent filters are evaluated once.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; it is looked at throughout.</exception>
    public EngineResult<IReadOnlyList<SearchAnswer>> SearchBatch(
        IReadOnlyList<SearchQuery> queries, Faults faults, CancellationToken cancellation)
    {
        SearchAnswer[] answers = [.. queries.Select(static _ => new SearchAnswer())];
        EngineResult<bool> done = TrySearchBatch(queries, answers, long.MaxValue, faults, cancellation);
        return done.IsOk ? answers : done.Error;
    }

    /// <summary>
    /// <see cref="SearchBatch"/> into the first of <paramref name="answers"/>, of which there are at least as many as queries. False,
    /// having made no search, where all together are estimated to compute more than <paramref name="mostDistances"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; it is looked at throughout.</exception>
    public EngineResult<bool> TrySearchBatch(
        IReadOnlyList<SearchQuery> queries, IReadOnlyList<SearchAnswer> answers, long mostDistances, Faults faults, CancellationToken cancellation)
    {
        try
        {
            return _executor.SearchBatch(queries, answers, mostDistances, faults, cancellation);
        }
        catch (IOException error)
        {
            return Unreadable(error);
        }
    }

    /// <summary>Counts what is in the graph, and what a sound one has not, while it is searched and written.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; it is looked at throughout.</exception>
    public EngineResult<GraphReport> AuditGraph(CancellationToken cancellation) => GraphInspection.Run(Data, _context, cancellation);

    // A vector that is kept on disk.
    private EngineError Unreadable(IOException error) => EngineError.Of(
        error is StorageCorruptionException ? EngineStatus.DataLoss : EngineStatus.Unavailable,
        $"A vector of collection \"{Config.Name}\" cannot be read: {error.Message}");
}
