using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>One collection of a run: what it is, and what it must hold while it exists.</summary>
/// <param name="ids">Points there can be at most.</param>
internal sealed class Subject(CollectionConfig config, int ids, Random random)
{
    private const int Batch = 40;

    private ModelCollection? _model;
    private Workload? _workload;

    public string Name => config.Name;

    public int Ids => ids;

    public bool IsUnderDot => config.Metric == Metric.Dot;

    public bool Exists => _model is not null;

    public ModelCollection Model => _model ?? throw new InvalidOperationException($"{Name} does not exist.");

    public Workload Workload => _workload ?? throw new InvalidOperationException($"{Name} does not exist.");

    /// <summary>Whether it has just been created, and is to grow before anything else is interesting.</summary>
    public bool IsSparse => Model.Points.Count < ids * 2 / 5;

    public override string ToString() =>
        $"{config.Metric}, dimension {config.Dimension}, {config.Resolve().Quantization}, {config.VectorStorage} in {config.VectorPlacement}, M {config.Hnsw.M}, up to {ids} points";

    /// <summary>A new collection without points, some of its attributes indexed.</summary>
    public void Create()
    {
        AttributeSchema[] attributes = [.. RandomPoints.Schema.Where(_ => random.Next(4) != 0)];
        Become(new ModelCollection(config.Resolve() with { Attributes = attributes }));
    }

    /// <summary>Goes on from what it was once; null where it did not exist.</summary>
    public void Become(ModelCollection? model)
    {
        _model = model;
        _workload = model is null ? null : new Workload(random, model, Batch, ids);
    }
}
