using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>A filter in canonical form, and, where it is asked for again and again, the points that satisfied it last.</summary>
/// <param name="config">The collection's, with the indexed attributes that it was compiled for.</param>
internal sealed class CompiledFilter(Predicate predicate, CollectionConfig config)
{
    private string? _text;
    private FilterEvaluation? _last;

    /// <summary>When it was last asked for, by the clock of <see cref="FilterCache"/> and under its lock: by any text.</summary>
    public long LastUsed { get; set; }

    public Predicate Predicate { get; } = predicate;

    public CollectionConfig Config { get; } = config;

    /// <summary>Equal for equivalent filters.</summary>
    public string Text => _text ??= PredicateText.Of(Predicate);

    /// <summary>What was evaluated last; null where that is not kept. Replaced as a whole.</summary>
    public FilterEvaluation? Last
    {
        get => Volatile.Read(ref _last);
        set => Volatile.Write(ref _last, value);
    }
}
