using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Which leaves an index answers, and which are tested point by point: the plan and what is said beforehand agree.</summary>
public sealed class IndexUseTests
{
    private static readonly GeoPoint Somewhere = new(1, 2);

    public static TheoryData<AttributeType, Predicate, bool> Uses => new()
    {
        { AttributeType.Keyword, new Predicate.Prefix("a", "x"), true },
        { AttributeType.KeywordList, new Predicate.Prefix("a", "x"), true },
        { AttributeType.Keyword, new Predicate.TextMatch("a", "x", TextMatchMode.All), false },
        { AttributeType.KeywordList, new Predicate.TextMatch("a", "x", TextMatchMode.Any), false },
        { AttributeType.Keyword, new Predicate.Exists("a"), true },
        { AttributeType.Text, new Predicate.TextMatch("a", "x", TextMatchMode.All), true },
        { AttributeType.Text, new Predicate.Exists("a"), true },
        { AttributeType.Text, new Predicate.Prefix("a", "x"), false },
        { AttributeType.Text, new Predicate.In("a", [AttributeValue.Of("x")]), false },
        { AttributeType.Text, new Predicate.Range("a", new Predicate.Bound(AttributeValue.Of("x"), true), default), false },
        { AttributeType.GeoPoint, new Predicate.GeoRadius("a", Somewhere, 3), true },
        { AttributeType.GeoPoint, new Predicate.GeoBox("a", Somewhere, Somewhere), true },
        { AttributeType.GeoPoint, new Predicate.Not(new Predicate.Exists("a")), true },
        { AttributeType.Int64, new Predicate.In("a", [AttributeValue.Of(1L)]), true },
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public void Build_LeafOfAnIndexedAttribute_NeedsPointsOnlyWhereItsIndexHasNoAnswer(AttributeType type, Predicate predicate, bool expected)
    {
        AttributeSchema schema = new("a", type);
        Dictionary<string, AttributeIndex> indexes = new() { ["a"] = AttributeIndex.Create(schema) };

        Assert.Equal(expected, new PlanBuilder(indexes, null).Build(predicate).NeedsNoPoints);
        Assert.Equal(!expected, FilterState.IsTested(predicate, [schema]));
        Assert.False(new PlanBuilder([], null).Build(predicate).NeedsNoPoints);
        Assert.True(FilterState.IsTested(new Predicate.Or([predicate, new Predicate.Exists("b")]), [schema]));
    }
}
