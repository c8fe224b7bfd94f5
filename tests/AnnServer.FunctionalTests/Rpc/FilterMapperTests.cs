using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Rpc;
using Tree = AnnServer.Engine.Querying.Predicate;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class FilterMapperTests
{
    [Fact]
    public void ToModel_NoFilter_IsNone()
    {
        Faults faults = new();

        Assert.True(FilterMapper.ToModel(null, faults).IsNone);
        Assert.False(faults.Any);
    }

    [Fact]
    public void ToModel_Expression_IsHandedOnAsItIs()
    {
        Faults faults = new();

        Assert.Equal(new FilterSpec("a = 1", null), FilterMapper.ToModel(new Wire.Filter { Expression = "a = 1" }, faults));
        Assert.False(faults.Any);
    }

    [Fact]
    public void ToModel_Range_KeepsBoundsAndTheirInclusion()
    {
        Tree.Range range = Assert.IsType<Tree.Range>(Map(
            new Wire.Predicate { Range = new Wire.Interval { Attribute = "n", Gt = Make.Int(1), Lte = Make.Int(9) } }));

        Assert.Equal(new Tree.Range("n", new Tree.Bound(AttributeValue.Of(1L), false), new Tree.Bound(AttributeValue.Of(9L), true)), range);
    }

    [Fact]
    public void ToModel_HalfOpenRange_LeavesTheOtherBoundOpen()
    {
        Tree.Range range = Assert.IsType<Tree.Range>(Map(
            new Wire.Predicate { Range = new Wire.Interval { Attribute = "n", Lt = Make.Int(9) } }));

        Assert.True(range.Lower.IsOpen);
        Assert.Equal(new Tree.Bound(AttributeValue.Of(9L), false), range.Upper);
    }

    [Fact]
    public void ToModel_Comparisons_KeepTheirForms()
    {
        var comparison = new Wire.Comparison { Attribute = "lang", Value = Make.Text("en") };

        Assert.Equal(new Tree.Eq("lang", AttributeValue.Of("en")), Map(new Wire.Predicate { Eq = comparison }));
        Assert.Equal(new Tree.Ne("lang", AttributeValue.Of("en")), Map(new Wire.Predicate { Ne = comparison }));
        Assert.Equal(new Tree.Contains("lang", AttributeValue.Of("en")), Map(new Wire.Predicate { Contains = comparison }));
    }

    [Fact]
    public void ToModel_Ids_KeepsNumbersAndKeysApart()
    {
        Tree.Ids ids = Assert.IsType<Tree.Ids>(Map(
            new Wire.Predicate { Ids = new Wire.PointIdList { Ids = { Make.Id(7), Make.Id("7") } } }));

        Assert.Equal([PointId.FromNumber(7), PointId.FromKey("7")], ids.Values);
    }

    [Fact]
    public void ToModel_StringsAndPlaces_KeepTheirForms()
    {
        Assert.Equal(new Tree.IsNull("a"), Map(new Wire.Predicate { IsNull = "a" }));
        Assert.Equal(
            new Tree.Prefix("lang", "e"),
            Map(new Wire.Predicate { Prefix = new Wire.Comparison { Attribute = "lang", Value = Make.Text("e") } }));
        Assert.Equal(
            new Tree.TextMatch("title", "a b*", TextMatchMode.All),
            Map(new Wire.Predicate { TextMatch = new Wire.TextMatch { Attribute = "title", Query = "a b*" } }));
        Assert.Equal(
            new Tree.TextMatch("title", "a", TextMatchMode.Any),
            Map(new Wire.Predicate { TextMatch = new Wire.TextMatch { Attribute = "title", Query = "a", Mode = Wire.TextMatchMode.Any } }));
        Assert.Equal(
            new Tree.GeoRadius("place", new GeoPoint(1, 2), 3),
            Map(new Wire.Predicate { GeoRadius = new Wire.GeoRadius { Attribute = "place", Center = Make.Place(1, 2), Meters = 3 } }));
        Assert.Equal(
            new Tree.GeoBox("place", new GeoPoint(1, 2), new GeoPoint(3, 4)),
            Map(new Wire.Predicate { GeoBox = new Wire.GeoBox { Attribute = "place", SouthWest = Make.Place(1, 2), NorthEast = Make.Place(3, 4) } }));
    }

    [Fact]
    public void ToModel_EveryKindWithAFault_NamesThePath()
    {
        Wire.Predicate or = new()
        {
            Or = new Wire.PredicateList
            {
                Predicates =
                {
                    new Wire.Predicate(),
                    new Wire.Predicate { And = new Wire.PredicateList() },
                    new Wire.Predicate { Not = new Wire.Predicate() },
                    new Wire.Predicate { Ne = new Wire.Comparison { Attribute = "a" } },
                    new Wire.Predicate { In = new Wire.InSet { Attribute = "a" } },
                    new Wire.Predicate { In = new Wire.InSet { Attribute = "a", Values = { new Wire.Value() } } },
                    new Wire.Predicate { Range = new Wire.Interval { Attribute = "a", Gt = Make.Int(1), Gte = Make.Int(1) } },
                    new Wire.Predicate { Ids = new Wire.PointIdList { Ids = { new Wire.PointId() } } },
                    new Wire.Predicate { IsNull = "" },
                    new Wire.Predicate { Prefix = new Wire.Comparison { Attribute = "a", Value = Make.Int(1) } },
                    new Wire.Predicate { TextMatch = new Wire.TextMatch { Attribute = "a", Query = "b", Mode = (Wire.TextMatchMode)3 } },
                    new Wire.Predicate { GeoRadius = new Wire.GeoRadius { Attribute = "a" } },
                    new Wire.Predicate { GeoBox = new Wire.GeoBox { Attribute = "a", SouthWest = Make.Place(1, 2) } },
                },
            },
        };
        Faults faults = new();

        FilterMapper.ToModel(new Wire.Filter { Predicate = or }, faults);

        Assert.Equal(
            [
                "[0]", "[1].and.predicates", "[2].not", "[3].ne.value", "[4].in.values", "[5].in.values[0]", "[6].range", "[7].ids.ids[0]",
                "[8].is_null", "[9].prefix.value", "[10].text_match.mode", "[11].geo_radius.center", "[12].geo_box.north_east",
            ],
            faults.ToError().Violations.Select(violation => violation.Field.Replace("filter.predicate.or.predicates", "", StringComparison.Ordinal)));
    }

    private static Tree? Map(Wire.Predicate predicate)
    {
        Faults faults = new();
        FilterSpec filter = FilterMapper.ToModel(new Wire.Filter { Predicate = predicate }, faults);
        Assert.False(faults.Any);
        return filter.Predicate;
    }
}
