using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>Random gets, counts, scrolls, facets and samples, whose answers are the model's.</summary>
internal sealed class Reads(Random random)
{
    private const int MostIds = 40;

    private static readonly string?[] Orders = [null, "color", "n", "x", "flag", "note", "title", "absent"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Step Get(Subject subject)
    {
        PointId[] ids = [.. Enumerable
            .Range(0, random.Next(3) == 0 ? 1 + random.Next(MostIds) : 1)
            .Select(_ => RandomPoints.Id(random.Next(subject.Ids)))];
        bool withAttributes = random.Next(4) != 0;
        bool withVector = random.Next(4) != 0;
        return Step.Read(OperationKind.Get, subject, $"of {ids.Length}", collection =>
        {
            IReadOnlyList<Point> points = collection.Get(ids, withAttributes, withVector, 0, new Faults()).Value;
            ModelCollection.AssertIds(ids.Where(subject.Model.Points.ContainsKey), points);
            foreach (Point point in points)
            {
                AssertPoint(subject.Model, point, withAttributes, withVector);
            }

            return points.Count;
        });
    }

    public Step Count(Subject subject)
    {
        ModelFilter? filter = Filter();
        FilterSpec spec = Spec(filter);
        return Step.Read(OperationKind.Count, subject, $"filter {filter}", collection =>
        {
            Assert.Equal(subject.Model.Matching(filter).Count, collection.Count(spec, 0, new Faults(), Cancellation).Value);
            return 0;
        });
    }

    public Step Scroll(Subject subject)
    {
        ModelFilter? filter = Filter();
        string? order = Orders[random.Next(Orders.Length)];
        var query = new ScrollQuery
        {
            Filter = Spec(filter),
            OrderBy = order,
            Descending = order is not null && random.Next(2) == 0,
            PageSize = 40 + random.Next(600),
            WithAttributes = random.Next(2) == 0,
            WithVector = random.Next(2) == 0,
        };
        return Step.Read(OperationKind.Scroll, subject, $"by {order}, pages of {query.PageSize}, filter {filter}", collection =>
        {
            Point[] points = [.. ModelCollection.ScrollAll(collection, query)];
            ModelCollection.AssertIds(ModelScroll.Order(subject.Model, filter, order, query.Descending), points);
            foreach (Point point in points)
            {
                AssertPoint(subject.Model, point, query.WithAttributes, query.WithVector);
            }

            return points.Length;
        });
    }

    public Step Facets(Subject subject)
    {
        ModelFilter? filter = Filter();
        FilterSpec spec = Spec(filter);
        string[] counted = [.. subject.Model.Config.Attributes.Where(schema => AttributeIndex.HasFacets(schema.Type)).Select(schema => schema.Name)];
        FacetSpec[] facets = [.. counted.Select(name => new FacetSpec(name, 1 + random.Next(20)))];
        return Step.Read(OperationKind.Facets, subject, $"of {string.Join(", ", counted)}, filter {filter}", collection =>
        {
            if (facets.Length == 0)
            {
                return 0;
            }

            List<PointId> matching = subject.Model.Matching(filter);
            ModelFacets.AssertFacets(
                matching.Select(id => subject.Model.Points[id].Attributes), collection, new FacetQuery { Facets = facets, Filter = spec });
            return matching.Count;
        });
    }

    public Step Sample(Subject subject)
    {
        ModelFilter? filter = Filter();
        var query = new SampleQuery
        {
            Count = 1 + random.Next(60),
            Seed = (ulong)random.Next(),
            Filter = Spec(filter),
            WithAttributes = random.Next(2) == 0,
            WithVector = random.Next(2) == 0,
        };
        return Step.Read(OperationKind.Sample, subject, $"of {query.Count} with seed {query.Seed}, filter {filter}", collection =>
        {
            HashSet<PointId> matching = [.. subject.Model.Matching(filter)];
            IReadOnlyList<Point> points = collection.Sample(query, new Faults(), Cancellation).Value.Points;
            Assert.Equal(Math.Min(query.Count, matching.Count), points.Count);
            foreach (Point point in points)
            {
                Assert.True(matching.Remove(point.Id));
                AssertPoint(subject.Model, point, query.WithAttributes, query.WithVector);
            }

            return points.Count;
        });
    }

    private static void AssertPoint(ModelCollection model, Point point, bool withAttributes, bool withVector)
    {
        ModelPoint expected = model.Points[point.Id];
        Assert.Equal(withAttributes ? expected.Attributes.Count : 0, point.Attributes.Count);
        Assert.Equal(withVector ? expected.Vector.Length : 0, point.Vector.Length);
        model.AssertPoint(new Point(
            point.Id, withVector ? point.Vector : expected.Vector, withAttributes ? point.Attributes : expected.Attributes));
    }

    private ModelFilter? Filter() => random.Next(3) == 0 ? null : ModelFilter.Random(random);

    private FilterSpec Spec(ModelFilter? filter) => filter is null ? FilterSpec.None : random.Next(2) == 0 ? filter.Spec : filter.Written;
}
