namespace AnnServer.Engine.Model;

/// <summary>
/// Results unlike each other (maximal marginal relevance; Carbonell and Goldstein, SIGIR 1998). Of the best candidates one after another is
/// taken, each time the one with the greatest <c>Lambda * relevance - (1 - Lambda) * likeness</c>, the nearer of equal ones: its relevance is
/// its similarity to the query, its likeness the greatest similarity to any taken before. Similarity is the cosine, the inner product, or
/// the negative Euclidean distance. The first taken is the best.
/// </summary>
/// <param name="Lambda">0 to 1: how much relevance counts.</param>
/// <param name="Candidates">How many to take from, <see cref="SearchQuery.K"/> to the configured limit; null for four times the results.</param>
public sealed record Diversity(double Lambda = Diversity.DefaultLambda, int? Candidates = null)
{
    public const double DefaultLambda = 0.5;
}
