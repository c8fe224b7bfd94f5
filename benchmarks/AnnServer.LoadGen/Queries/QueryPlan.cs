namespace AnnServer.LoadGen.Queries;

/// <summary>How queries are sent.</summary>
/// <param name="Batch">Queries in a request, for <see cref="QueryMode.Batch"/>.</param>
/// <param name="Concurrency">Requests unanswered at a time on each connection.</param>
internal sealed record QueryPlan(string Collection, QueryMode Mode, int Batch, int Concurrency)
{
    public int QueriesPerRequest => Mode == QueryMode.Batch ? Batch : 1;
}
