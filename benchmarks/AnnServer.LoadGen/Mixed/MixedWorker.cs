using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Mixed;

/// <summary>One connection's part of a mixed run: one request at a time, chosen at random, against its own points.</summary>
internal sealed class MixedWorker
{
    private const int LoadBatch = 256;
    private readonly MixedRun _run;
    private readonly ContentFactory _content;
    private readonly WriteOperations _writes;
    private readonly ReadOperations _reads;
    private readonly SearchOperations _searches;

    public MixedWorker(MixedRun run, OwnedModel model, ContentFactory content, Points.PointsClient points)
    {
        _run = run;
        Model = model;
        _content = content;
        _writes = new WriteOperations(run, model, content, points);
        _reads = new ReadOperations(run, model, content, points);
        _searches = new SearchOperations(run, model, content, points);
    }

    public OwnedModel Model { get; }

    /// <summary>False once a write failed: what the server holds is not known from then on, so the worker stops.</summary>
    public bool IsModelKnown { get; private set; } = true;

    public Task FillAsync(CancellationToken cancellationToken) => AttemptAsync(async () =>
    {
        while (Model.Count < _run.Settings.PointsPerWorker)
            await _writes.InsertAsync(Math.Min(LoadBatch, _run.Settings.PointsPerWorker - Model.Count), cancellationToken);
    }, isWrite: true);

    public async Task RunUntilAsync(CancellationToken timeIsUp, CancellationToken cancellationToken)
    {
        for (int made = 0; IsModelKnown && (made < _run.Settings.LeastOperations || !timeIsUp.IsCancellationRequested); made++)
        {
            int roll = _content.Random.Next(100);
            if (roll < 40)
                await AttemptAsync(() => WriteAsync(roll, cancellationToken), isWrite: true);
            else
                await AttemptAsync(() => ReadAsync(roll, cancellationToken), isWrite: false);
        }
    }

    private Task WriteAsync(int roll, CancellationToken cancellationToken)
    {
        int size = _content.Random.Next(1, 17);
        bool few = Model.Count < _run.Settings.PointsPerWorker;
        if (roll < 12)
            return few ? _writes.InsertAsync(size, cancellationToken) : _writes.DeleteByIdAsync(size, cancellationToken);
        if (roll < 24 || Model.Count == 0)
            return _writes.ReplaceAsync(Model.Count == 0 ? 1 : size, cancellationToken);
        if (roll < 29)
            return _writes.DeleteByIdAsync(size, cancellationToken);
        return roll < 30 ? _writes.DeleteByFilterAsync(cancellationToken) : _writes.UpdateAttributesAsync(size, cancellationToken);
    }

    private Task ReadAsync(int roll, CancellationToken cancellationToken) => roll switch
    {
        < 50 => _reads.GetAsync(Model.Count == 0 ? 1 : _content.Random.Next(1, 17), cancellationToken),
        < 53 => _reads.CountAsync(cancellationToken),
        < 54 => _reads.ScrollAsync(cancellationToken),
        < 77 => _searches.SearchFilteredAsync(cancellationToken),
        _ => _searches.SearchAsync(cancellationToken),
    };

    private async Task AttemptAsync(Func<Task> operation, bool isWrite)
    {
        try
        {
            await operation();
        }
        catch (RpcException failure)
        {
            _run.Errors.Add(failure);
            if (isWrite)
                IsModelKnown = false;
        }
    }
}
