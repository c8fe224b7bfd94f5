using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Querying;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Filters.Workloads;

/// <summary>
/// Many queries over few predicates, as in Mohoney et al., SIGMOD 2023: every query takes one of the templates, the one of rank i with a
/// probability in proportion to 1 / i.
/// </summary>
/// <param name="Templates">The predicates, the most frequent first.</param>
/// <param name="Questions">In the order in which they are asked.</param>
/// <param name="TemplateOf">The template of each question.</param>
internal sealed record TemplateWorkload(
    IReadOnlyList<Predicate> Templates, IReadOnlyList<FilteredQuestion> Questions, IReadOnlyList<int> TemplateOf)
{
    // Those that do not depend on the query, from a fifth to a thousandth of the points.
    private static readonly Shape[] Shapes = [Shape.Equality, Shape.And, Shape.Or, Shape.Range, Shape.In, Shape.Not];
    private static readonly double[] Shares = [0.2, 0.04, 0.01, 0.001];

    public static TemplateWorkload Make(FilterGrid grid, TruthFinder finder, VectorFile queries, LabPlan plan)
    {
        (Shape Shape, double Share)[] kinds = [.. Shapes.SelectMany(shape => Shares.Select(share => (shape, share)))];
        new Random(plan.Seed).Shuffle(kinds);
        Predicate[] templates = [.. kinds.Select((kind, i) => grid.PredicateOf(kind.Shape, kind.Share, [], i))];
        int[] drawn = Draw(templates.Length, plan.Workload, plan.Seed);
        FilteredQuestion[] questions = new FilteredQuestion[plan.Workload];
        Parallel.For(0, plan.Workload, i =>
        {
            float[] query = queries.ToSingles(i % queries.Count);
            questions[i] = new FilteredQuestion(query, templates[drawn[i]], finder.Find(query, [templates[drawn[i]]])[0]);
        });
        return new TemplateWorkload(templates, questions, drawn);
    }

    /// <summary>Numbers below <paramref name="templates"/> by Zipf's law.</summary>
    public static int[] Draw(int templates, int count, int seed)
    {
        double[] cumulative = new double[templates];
        double sum = 0;
        for (int i = 0; i < templates; i++)
            cumulative[i] = sum += 1.0 / (i + 1);
        SeededNormal random = new((ulong)seed, stream: 0);
        int[] drawn = new int[count];
        for (int i = 0; i < count; i++)
        {
            int found = Array.BinarySearch(cumulative, random.NextUniform() * sum);
            drawn[i] = found < 0 ? ~found : found + 1;
        }
        return drawn;
    }
}
