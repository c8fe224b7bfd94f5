using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>The cells of the grid: every shape at every selectivity, with the same queries in each.</summary>
internal static class GridQuestions
{
    public static IReadOnlyList<QuestionCell> Make(
        FilterGrid grid, TruthFinder finder, IReadOnlyList<float[]> queries, IReadOnlyList<Shape> shapes, IReadOnlyList<double> selectivities)
    {
        (Shape Shape, double Selectivity)[] places =
            [.. shapes.SelectMany(shape => selectivities.Select(selectivity => (shape, selectivity)))];
        FilteredQuestion[][] questions = new FilteredQuestion[queries.Count][];
        Parallel.For(0, queries.Count, i =>
        {
            float[] query = queries[i];
            Predicate[] predicates = [.. places.Select(place => grid.PredicateOf(place.Shape, place.Selectivity, query, i))];
            FilteredTruth[] truths = finder.Find(query, predicates);
            questions[i] = [.. predicates.Zip(truths, (predicate, truth) => new FilteredQuestion(query, predicate, truth))];
        });
        return
        [
            .. places.Select((place, cell) => new QuestionCell(
                place.Shape.ToString(), Selectivities.NameOf(place.Selectivity), [.. questions.Select(ofQuery => ofQuery[cell])])),
        ];
    }
}
