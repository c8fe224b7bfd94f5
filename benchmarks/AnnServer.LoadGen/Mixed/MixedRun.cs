using AnnServer.LoadGen.Load;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>What the workers of one run share.</summary>
internal sealed class MixedRun(MixedSettings settings)
{
    public MixedSettings Settings { get; } = settings;

    public ExactOracle Oracle { get; } = new(settings.Metric);

    public WrongAnswers Wrong { get; } = new();

    public ErrorTally Errors { get; } = new();

    public OperationLatencies Latencies { get; } = new();

    /// <summary>Of filtered searches in default mode while everything changes.</summary>
    public RecallSum FilteredRecall { get; } = new();

    public string Collection => Settings.Collection;

    public Filter NewForm(Predicate predicate, bool asExpression) => asExpression
        ? new Filter { Expression = Filters.FilterExpression.From(predicate) }
        : new Filter { Predicate = predicate };
}
