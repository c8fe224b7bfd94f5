using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Measuring;

namespace AnnServer.Benchmarks.Filters;

/// <summary>What is measured, and how thoroughly.</summary>
internal sealed record LabPlan
{
    public required SearchEffortChoice Effort { get; init; }

    /// <summary>Recall that answers ought to have; what they have beyond it is excess.</summary>
    public required double Target { get; init; }

    public required int K { get; init; }

    /// <summary>Queries in each cell of the grid.</summary>
    public required int Queries { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Processor time that one round of a baseline may take in a cell; one that needs more is asked fewer questions.</summary>
    public required double BaselineSeconds { get; init; }

    public required double WarmUpSeconds { get; init; }

    public required IReadOnlyList<Shape> Shapes { get; init; }

    public required IReadOnlyList<double> Selectivities { get; init; }

    /// <summary>Pairs of each cell that a data set has of its own.</summary>
    public required int Pairs { get; init; }

    /// <summary>Queries of the workload of templates; none leaves it out.</summary>
    public required int Workload { get; init; }

    /// <summary>Processor time that one round of the post-filtered search may take in it.</summary>
    public required double WorkloadSeconds { get; init; }

    public required int Seed { get; init; }
}
