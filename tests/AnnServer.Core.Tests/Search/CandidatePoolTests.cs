using AnnServer.Core.Search;
using CsCheck;

namespace AnnServer.Core.Tests.Search;

public sealed class CandidatePoolTests
{
    private static readonly Gen<float> GenDistance = Gen.Frequency(
        (8, Gen.Int[-4, 4].Select(value => (float)value)),
        (4, Gen.Float[-10f, 10f]),
        (1, Gen.OneOf(Gen.Const(float.NaN), Gen.Const(float.PositiveInfinity), Gen.Const(float.NegativeInfinity), Gen.Const(-0f), Gen.Const(float.MaxValue), Gen.Const(float.Epsilon))));

    /// <summary>A distance to insert, or null to expand.</summary>
    private static readonly Gen<float?> GenStep =
        Gen.Frequency((3, GenDistance.Select(distance => (float?)distance)), (1, Gen.Const((float?)null)));

    // Below one vector, a few vectors, and beyond the range that is searched without being halved.
    private static readonly Gen<(int Capacity, float?[] Steps)> GenSteps = Gen.Frequency(
        (8, Gen.Select(Gen.Int[1, 12], GenStep.Array[0, 80])),
        (8, Gen.Select(Gen.Int[13, 80], GenStep.Array[0, 200])),
        (1, Gen.Select(Gen.Int[250, 600], GenStep.Array[700, 900])));

    [Fact]
    public void InsertAndExpand_AnySteps_AgreeWithASortedList() => GenSteps.Sample(sample =>
    {
        var pool = new CandidatePool();
        pool.Reset(sample.Capacity);
        AssertAgree(pool, sample.Capacity, sample.Steps);
    });

    [Fact]
    public void Reset_AfterUse_StartsAfresh() => Gen.Select(GenSteps, GenSteps).Sample((first, second) =>
    {
        var pool = new CandidatePool();
        pool.Reset(first.Capacity);
        AssertAgree(pool, first.Capacity, first.Steps);
        pool.Reset(second.Capacity);
        AssertAgree(pool, second.Capacity, second.Steps);
    });

    [Fact]
    public void TryExpand_NearerNodeInsertedBehindTheCursor_ComesNext()
    {
        var pool = new CandidatePool();
        pool.Reset(4);
        pool.Insert(2, 20);
        pool.Insert(3, 30);
        Assert.True(pool.TryExpand(float.PositiveInfinity, out uint node));
        Assert.Equal(20u, node);
        Assert.True(pool.TryExpand(float.PositiveInfinity, out node));
        Assert.Equal(30u, node);
        Assert.False(pool.TryExpand(float.PositiveInfinity, out _));

        pool.Insert(1, 10);
        Assert.True(pool.TryExpand(float.PositiveInfinity, out node));
        Assert.Equal(10u, node);
        Assert.False(pool.TryExpand(float.PositiveInfinity, out _));
    }

    [Fact]
    public void Insert_GreatestOrdinal_IsGivenBackWhole()
    {
        var pool = new CandidatePool();
        pool.Reset(2);
        pool.Insert(1, int.MaxValue);
        Assert.True(pool.TryExpand(float.PositiveInfinity, out uint node));
        Assert.Equal((uint)int.MaxValue, node);
        Assert.Equal(new Candidate(1, int.MaxValue), pool[0]);
    }

    private static void AssertAgree(CandidatePool pool, int capacity, float?[] steps)
    {
        var model = new List<(float Distance, uint Ordinal, bool Expanded)>();
        uint nextOrdinal = 0;
        foreach (float? step in steps)
        {
            if (step is { } distance)
            {
                pool.Insert(distance, nextOrdinal);
                InsertIntoModel(model, capacity, distance, nextOrdinal);
                nextOrdinal++;
            }
            else
            {
                int nearest = model.FindIndex(entry => !entry.Expanded);
                Assert.Equal(nearest >= 0, pool.TryExpand(float.PositiveInfinity, out uint expanded));
                if (nearest >= 0)
                {
                    Assert.Equal(model[nearest].Ordinal, expanded);
                    model[nearest] = model[nearest] with { Expanded = true };
                }
            }

            Assert.Equal(model.Count, pool.Count);
            Assert.Equal(model.Count == capacity ? model[^1].Distance : float.PositiveInfinity, pool.Worst);
            for (int i = 0; i < model.Count; i++)
            {
                Assert.Equal(new Candidate(model[i].Distance, model[i].Ordinal), pool[i]);
            }
        }
    }

    private static void InsertIntoModel(
        List<(float Distance, uint Ordinal, bool Expanded)> model, int capacity, float distance, uint ordinal)
    {
        if (float.IsNaN(distance))
        {
            return;
        }

        int at = model.FindIndex(entry => entry.Distance > distance);
        model.Insert(at < 0 ? model.Count : at, (distance, ordinal, false));
        if (model.Count > capacity)
        {
            model.RemoveAt(capacity);
        }
    }
}
