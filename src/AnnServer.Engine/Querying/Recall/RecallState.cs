using AnnServer.Core.Graph;

namespace AnnServer.Engine.Querying.Recall;

/// <summary>What a collection knows of the recall of its searches. Nothing of it is kept over a restart: it is soon measured again.</summary>
internal sealed class RecallState(VectorIndex index)
{
    // Fewer are compared one by one in less time than a walk takes.
    private const int LeastPoints = 2000;

    private RecallModel? _model;

    /// <summary>Null before the first measurement.</summary>
    public RecallModel? Model
    {
        get => Volatile.Read(ref _model);
        set => Volatile.Write(ref _model, value);
    }

    public QuerySample Queries { get; } = new();

    /// <summary>Notes a search that named a recall. True where its collection ought to be measured, for the first time or anew.</summary>
    public bool Observe(ReadOnlySpan<float> vector)
    {
        Queries.Offer(vector);
        int live = index.LiveCount;
        return live >= LeastPoints && (Model?.IsStale(live, Queries.Count) ?? true);
    }
}
