namespace AnnServer.Engine.Querying.Recall;

/// <summary>What a walk of some effort finds and costs, in the mean.</summary>
/// <param name="Effort">See <see cref="EffortLadder"/>.</param>
/// <param name="Recall">Share of the k nearest that it finds.</param>
/// <param name="Distances">That it computes.</param>
/// <param name="Microseconds">That it takes on this machine, with what matches arranged by parts where it goes by these.</param>
/// <param name="Tests">Members of parts that it has to look up where they are not.</param>
internal readonly record struct RecallPoint(double Effort, double Recall, double Distances, double Microseconds, double Tests = 0)
{
    /// <summary>The point at a share of the way to another; costs by their ratio.</summary>
    public RecallPoint Toward(in RecallPoint other, double share) => new(
        Effort + ((other.Effort - Effort) * share),
        Recall + ((other.Recall - Recall) * share),
        Distances * Math.Pow(other.Distances / Distances, share),
        Microseconds * Math.Pow(other.Microseconds / Microseconds, share),
        Tests + ((other.Tests - Tests) * share));
}
