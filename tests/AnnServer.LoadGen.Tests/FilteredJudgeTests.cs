using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Filters;
using AnnServer.LoadGen.Reports;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests;

public sealed class FilteredJudgeTests
{
    // Similarities to the query (1, 0): 1, 1, about 0.707, 0. Rows 0 to 2 match.
    private static readonly VectorFile Base = Rows([[1, 0], [2, 0], [1, 1], [0, 1]]);
    private static readonly VectorFile Queries = Rows([[1, 0]]);
    private static readonly FilteredCase Pair = FilteredCase.Parse(
        """{"q":0,"group":"g","pred":{"field":"a","eq":1},"matches":3,"selectivity":0.005,"lift":1,"gt":[0],"sims":[1.0]}""");

    [Fact]
    public void Judge_TieWithTheTruth_IsRight()
    {
        FilteredOutcome outcome = Judge([1]);

        Assert.Equal((1, 1, 0), (outcome.Wanted, outcome.Right, outcome.WrongHits));
    }

    [Fact]
    public void Judge_WorsePoint_IsNeitherRightNorWrong()
    {
        FilteredOutcome outcome = Judge([2]);

        Assert.Equal((0, 0), (outcome.Right, outcome.WrongHits));
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(77UL)]
    public void Judge_PointThatDoesNotMatch_IsWrong(ulong id)
    {
        Assert.Equal(1, Judge([id]).WrongHits);
    }

    [Fact]
    public void Judge_RepeatedPoint_IsWrong()
    {
        Assert.Equal(1, Judge([0, 0]).WrongHits);
    }

    [Fact]
    public void Slice_Outcomes_GivesAllBandAndGroup()
    {
        IReadOnlyList<FilteredSlice> slices = FilteredSummary.Slice([Judge([0]), Judge([2])], k: 1);

        Assert.Equal(["all", "up to 1 %", "g"], slices.Select(slice => slice.Name));
        Assert.All(slices, slice => Assert.Equal((2, 0.5, 0.0, 0), (slice.Pairs, slice.Recall, slice.WorstRecall, slice.Short)));
    }

    [Theory]
    [InlineData(0, "nothing matches")]
    [InlineData(0.0001, "up to 0.01 %")]
    [InlineData(0.25, "up to 50 %")]
    [InlineData(1, "over 50 %")]
    public void BandOf_Selectivity_IsItsBand(double selectivity, string band)
    {
        Assert.Equal(band, FilteredSummary.BandOf(selectivity));
    }

    [Fact]
    public async Task Matches_RealPairs_AgreeWithTheCountsOfTheDataSet()
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable("ANN_DATA") ?? "../shared/data", "text-lsa-100k");
        Assert.SkipUnless(Directory.Exists(folder), $"The data set is not at {Path.GetFullPath(folder)}: set ANN_DATA.");
        IReadOnlyList<IReadOnlyDictionary<string, Value>> rows = await AttributeFile.ReadAsync(
            Path.Combine(folder, "base_attrs.jsonl.gz"), [], TestContext.Current.CancellationToken);
        PointId id = new();

        foreach (FilteredCase pair in FilteredCase.Read(Path.Combine(folder, "filtered.jsonl")).Where((_, i) => i % 150 == 0))
            Assert.Equal(pair.Matches, rows.Count(row => PredicateOracle.Matches(pair.Predicate, id, row)));
    }

    private static FilteredOutcome Judge(ulong[] ids)
    {
        Dictionary<string, Value> matching = new() { ["a"] = new Value { IntValue = 1 } };
        FilteredJudge judge = new(Base, Queries, [matching, matching, matching, new Dictionary<string, Value>()], k: 1);
        SearchResponse response = new();
        response.Hits.Add(ids.Select(id => new Hit { Id = new PointId { Num = id } }));
        return judge.Judge(Pair, response, latencyUs: 5);
    }

    private static VectorFile Rows(byte[][] rows) => new(TexmexFile.Parse(VectorFileTests.Rows(rows), ElementType.UInt8, "rows"));
}
