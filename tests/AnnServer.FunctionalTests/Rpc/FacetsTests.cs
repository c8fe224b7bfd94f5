using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class FacetsTests(ServerFixture server) : ServerTest(server)
{
    private static readonly AttributeSchema[] Schema =
    [
        new() { Name = "lang", Type = AttributeType.Keyword }, new() { Name = "tags", Type = AttributeType.KeywordList },
        new() { Name = "draft", Type = AttributeType.Bool }, new() { Name = "year", Type = AttributeType.Int64 },
        new() { Name = "issues", Type = AttributeType.Int64List }, new() { Name = "price", Type = AttributeType.Double },
    ];

    [Fact]
    public async Task Facets_OfEveryKind_CountWhatMatches()
    {
        string collection = await CreateAsync(attributes: Schema);
        UpsertResponse written = await UpsertAsync(collection, [.. Enumerable.Range(0, 60).Select(NewPoint)]);

        FacetsResponse response = await Server.Points.FacetsAsync(
            new FacetsRequest
            {
                Collection = collection,
                Filter = new Filter { Expression = "number < 30" },
                Facets =
                {
                    new FacetRequest { Attribute = "year", Limit = 2 }, new FacetRequest { Attribute = "lang" }, new FacetRequest { Attribute = "tags" },
                    new FacetRequest { Attribute = "draft" }, new FacetRequest { Attribute = "issues", Limit = 3 },
                },
                ReadAfter = written.Sequence,
            },
            cancellationToken: Cancellation);

        Assert.Equal(30UL, response.Matching);
        Assert.Equal(["year", "lang", "tags", "draft", "issues"], response.Facets.Select(facet => facet.Attribute));
        // Numbers below thirty by what is left of them: 0 and 1 of a division by 7 have five, the others four.
        AssertFacet(response.Facets[0], 30, 7, true, (Make.Int(2000), 5), (Make.Int(2001), 5));
        AssertFacet(response.Facets[1], 20, 2, false, (Make.Text("en"), 10), (Make.Text("grün"), 10));
        AssertFacet(response.Facets[2], 30, 2, false, (Make.Text("all"), 30), (Make.Text("even"), 15));
        AssertFacet(response.Facets[3], 30, 2, false, (new Value { BoolValue = false }, 20), (new Value { BoolValue = true }, 10));
        AssertFacet(response.Facets[4], 30, 31, true, (Make.Int(1), 2), (Make.Int(2), 2), (Make.Int(3), 2));
    }

    [Fact]
    public async Task Facets_OfADouble_AreRefused()
    {
        string collection = await CreateAsync(attributes: Schema);

        var error = await FailsAsync(Server.Points.FacetsAsync(
            new FacetsRequest { Collection = collection, Facets = { new FacetRequest { Attribute = "price" } } }, cancellationToken: Cancellation));

        Assert.Equal(["facets[0].attribute"], Make.FaultyFields(error));
        Assert.Contains("DOUBLE", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_WithASeed_IsTheSameTwiceAndHasWhatIsAskedFor()
    {
        string collection = await CreateAsync(attributes: Schema);
        await UpsertAsync(collection, [.. Enumerable.Range(0, 60).Select(NewPoint)]);
        SampleRequest request = new() { Collection = collection, Count = 8, Seed = 5, Filter = new Filter { Expression = "draft = true" } };

        SampleResponse sample = await Server.Points.SampleAsync(request, cancellationToken: Cancellation);
        SampleResponse again = await Server.Points.SampleAsync(request, cancellationToken: Cancellation);
        SampleResponse full = await Server.Points.SampleAsync(
            new SampleRequest(request) { WithAttributes = true, WithVector = true, Count = 1000, Seed = 0 }, cancellationToken: Cancellation);

        Assert.Equal(sample, again);
        Assert.Equal(20UL, sample.Matching);
        Assert.Equal(8, sample.Points.Select(point => point.Id.Num).Distinct().Count());
        Assert.All(sample.Points, point => Assert.True(point.Id.Num % 3 == 0 && point.Attributes.Count == 0 && point.Vector is null));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (ulong)i * 3), full.Points.Select(point => point.Id.Num).Order());
        Assert.All(full.Points, point => Assert.Equal((long)point.Id.Num, point.Attributes["number"].IntValue));
        Assert.All(full.Points, point => Assert.Equal([1, 0, 0, point.Id.Num], Make.Floats(point.Vector)));
    }

    private static Point NewPoint(int i)
    {
        Value tags = new() { StringList = new StringList { Values = { "all", "all" } } };
        if (i % 2 == 0)
        {
            tags.StringList.Values.Add("even");
        }

        Point point = Make.Point(
            (ulong)i,
            Make.Vector(1, 0, 0, i),
            ("number", Make.Int(i)), ("year", Make.Int(2000 + (i % 7))), ("tags", tags), ("draft", new Value { BoolValue = i % 3 == 0 }),
            ("issues", new Value { IntList = new IntList { Values = { i, i + 1, i } } }));
        if (i % 3 != 0)
        {
            point.Attributes.Add("lang", Make.Text(i % 3 == 1 ? "grün" : "en"));
        }

        return point;
    }

    private static void AssertFacet(Facet facet, ulong points, ulong distinct, bool hasMore, params (Value Value, ulong Count)[] values)
    {
        Assert.Equal(values, facet.Values.Select(value => (value.Value, value.Count)));
        Assert.Equal(points, facet.Points);
        Assert.Equal(distinct, facet.DistinctValues);
        Assert.Equal(hasMore, facet.HasMore);
    }
}
