using AnnServer.Core.Graph;

namespace AnnServer.Engine.Querying.Recall;

/// <summary>What a collection knows of the recall of its searches. Nothing of it is kept over a restart: it is soon measured again.</summary>
internal sealed class RecallState(VectorIndex index)
{
    // Fewer are compared one by one in less time than a walk takes.
    private const int LeastPoints = 2000;

    // Some 800,000 searches: what is asked may be something else by now, and a measurement takes no more than what tens of thousands of them did.
    private const int MostTurns = 100;

    private RecallModel? _model;
    private int _turns;

    /// <summary>Null before the first measurement.</summary>
    public RecallModel? Model
    {
        get => Volatile.Read(ref _model);
        private set => Volatile.Write(ref _model, value);
    }

    public QuerySample Queries { get; } = new();

    /// <summary>Notes a search that named a recall. True where its collection ought to be measured or divided, for the first time or anew.</summary>
    public bool Observe(ReadOnlySpan<float> vector)
    {
        Queries.Offer(vector);
        int live = index.LiveCount;
        return live >= LeastPoints && (IsStale(live) || index.WantsPartitions);
    }

    /// <summary>Whether a measurement would tell more than the last: of more or other queries, or of a set that has grown or shrunk.</summary>
    public bool IsStale(int live) =>
        Model is not { } model || model.IsStale(live, Queries.Count) || Queries.Turns - Volatile.Read(ref _turns) >= MostTurns;

    /// <summary>What has been measured with the sample as it was at some number of turns.</summary>
    public void Measured(RecallModel model, int turns)
    {
        Volatile.Write(ref _turns, turns);
        Model = model;
    }
}
