using System.Collections.Immutable;
using System.Text.Json;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Tests.Filters;

public sealed class AttributeColumnsTests
{
    private const int Rows = 5;

    private static readonly AttributeColumns Columns = new(Rows,
    [
        new KeywordColumn("kind", AttributeType.Keyword, [["book"], ["spec"], ["book"], [], []]),
        new KeywordColumn("tags", AttributeType.KeywordList, [["a", "b"], [], ["b"], ["c", "a"], []]),
        new NumberColumn("year", AttributeType.Int64, [1872, 2018, double.NaN, 2018, double.NaN]),
        new NumberColumn("pos", AttributeType.Double, [0.5, 0.25, 0.75, double.NaN, double.NaN]),
        new NumberColumn("has_code", AttributeType.Bool, [0, 1, double.NaN, 1, double.NaN]),
    ]);

    [Theory]
    [InlineData("""{"field": "kind", "eq": "book"}""", "0 2")]
    [InlineData("""{"field": "kind", "eq": "no such"}""", "")]
    [InlineData("""{"not": {"field": "kind", "eq": "book"}}""", "1 3 4")]
    [InlineData("""{"field": "tags", "in": ["c", "b"]}""", "0 2 3")]
    [InlineData("""{"field": "year", "eq": 2018}""", "1 3")]
    [InlineData("""{"field": "has_code", "eq": false}""", "0")]
    [InlineData("""{"field": "pos", "range": {"gte": 0.25, "lt": 0.75}}""", "0 1")]
    [InlineData("""{"field": "pos", "range": {"gt": 0.25, "lte": 0.75}}""", "0 2")]
    [InlineData("""{"field": "year", "range": {"lt": 2018}}""", "0")]
    [InlineData("""{"field": "year", "exists": true}""", "0 1 3")]
    [InlineData("""{"field": "tags", "exists": false}""", "1 4")]
    [InlineData("""{"and": [{"field": "kind", "eq": "book"}, {"field": "tags", "eq": "b"}, {"field": "year", "eq": 1872}]}""", "0")]
    [InlineData("""{"or": [{"field": "kind", "eq": "spec"}, {"not": {"field": "tags", "exists": true}}]}""", "1 4")]
    public void Matching_PredicateOfADataSet_IsTrueOfTheRowsItDescribes(string predicate, string rows)
    {
        using JsonDocument document = JsonDocument.Parse(predicate);

        bool[] matches = Columns.Matching(JsonPredicate.Read(document.RootElement));

        Assert.Equal(rows, string.Join(' ', Enumerable.Range(0, Rows).Where(row => matches[row])));
    }

    [Fact]
    public void ValuesOf_AnyRow_AreThoseThatItHas()
    {
        Dictionary<string, AttributeValue> first = Columns.ValuesOf(0);

        Assert.Equal(AttributeValue.Of("book"), first["kind"]);
        Assert.Equal(AttributeValue.Of(ImmutableArray.Create("a", "b")), first["tags"]);
        Assert.Equal(AttributeValue.Of(1872L), first["year"]);
        Assert.Equal(AttributeValue.Of(0.5), first["pos"]);
        Assert.Equal(AttributeValue.Of(false), first["has_code"]);
        Assert.Equal(["kind", "pos", "tags"], Columns.ValuesOf(2).Keys.Order());
        Assert.Empty(Columns.ValuesOf(4));
    }
}
