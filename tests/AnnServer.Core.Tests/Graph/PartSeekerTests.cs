using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Which parts a query looks in, and when. Runs again at each narrower register width.</summary>
public sealed unsafe class PartSeekerTests
{
    private const int CodeBytes = 32;
    private const int Nearest = 8;

    /// <summary>Every part whose key is within reach and none beyond it, but for some of the nearest; nearer ones first, by and large.</summary>
    [Theory]
    [InlineData(4, 0)]
    [InlineData(20, 0)]
    [InlineData(536, 0)]
    [InlineData(536, 0.5)]
    [InlineData(536, 0.9)]
    public void TryNext_OneReach_LooksWhereItMayBe(int parts, double farAway)
    {
        const float Cosine = 0.5f;
        var random = new Random(parts);
        float[] distances =
        [
            .. Enumerable.Range(0, parts).Select(i =>
                (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() + (random.NextDouble() < farAway ? 1000 : 0))),
        ];
        float[] spreads = [.. Enumerable.Range(0, parts).Select(_ => 0.1f + (0.1f * random.NextSingle()))];
        float[] keys = [.. distances.Zip(spreads, static (c, r) => c + r - (2 * Cosine * MathF.Sqrt(c * r)))];
        int[] ranks = new int[parts];
        foreach ((int rank, int part) in Enumerable.Range(0, parts).OrderBy(part => keys[part]).Index())
        {
            ranks[part] = rank;
        }

        foreach (float reach in (float[])[float.NegativeInfinity, 0.3f, 0.8f, float.PositiveInfinity])
        {
            SearchEffort effort = new(10, 10) { Slack = Cosine, DenseSlack = Cosine, Share = 0.1f };
            List<int> looked = Look(distances, spreads, effort, reach, matchesOfTen: 1);

            Assert.Equal(looked.Count, looked.Distinct().Count());
            Assert.Empty(Enumerable.Range(0, parts).Where(part => keys[part] <= reach - 1e-5f).Except(looked));
            int within = keys.Count(key => key <= reach + 1e-5f);
            Assert.InRange(looked.Count, Math.Min(Nearest, parts), Nearest + within);
            Assert.All(looked, (part, at) => Assert.InRange(ranks[part], 0, 16 + (8 * at)));
        }
    }

    /// <summary>Where more match than elsewhere, as far as without a filter.</summary>
    [Fact]
    public void TryNext_AllNearMatch_LooksFarther()
    {
        var random = new Random(1);
        float[] distances = [.. Enumerable.Range(0, 400).Select(_ => 1 + random.NextSingle())];
        float[] spreads = [.. Enumerable.Repeat(0.3f, 400)];
        SearchEffort effort = new(10, 10) { Slack = 0.3f, DenseSlack = 0.6f, Share = 0.1f };
        int Within(float cosine) => distances.Count(c => c + 0.3f - (2 * cosine * MathF.Sqrt(c * 0.3f)) <= 1.2f);

        Assert.Equal(Within(0.3f), Look(distances, spreads, effort, 1.2f, matchesOfTen: 1).Count, tolerance: 2);
        Assert.Equal(Within(0.6f), Look(distances, spreads, effort, 1.2f, matchesOfTen: 10).Count, tolerance: 2);
    }

    /// <summary>
    /// What is not a number may be near. What is nearly infinitely far is looked in only if it is among the first eight, as all are in no
    /// order.
    /// </summary>
    [Theory]
    [InlineData(float.NaN, 40)]
    [InlineData(float.PositiveInfinity, 40)]
    [InlineData(float.MaxValue, 29)]
    public void TryNext_DistancesBeyondNumbers_LooksWhereItMayBe(float distance, int expected)
    {
        float[] distances = [.. Enumerable.Range(0, 40).Select(part => part % 3 == 0 ? distance : 1f)];
        float[] ones = [.. Enumerable.Repeat(1f, 40)];
        List<int> Within(float reach) =>
            Look(distances, ones, new SearchEffort(10, 10) { Slack = 0.5f, DenseSlack = 0.5f, Share = 0.5f }, reach, matchesOfTen: 5);

        Assert.Equal(Enumerable.Range(0, 40), Within(float.PositiveInfinity).Order());
        List<int> near = Within(2f);
        Assert.Empty(Enumerable.Range(0, 40).Where(part => part % 3 != 0).Except(near));
        Assert.Equal(expected, near.Count);
    }

    /// <summary>All are as near.</summary>
    [Fact]
    public void TryNext_OneKey_LooksInAllOrTheFirst()
    {
        float[] ones = [.. Enumerable.Repeat(1f, 100)];
        SearchEffort effort = new(10, 10) { Slack = 0.5f, DenseSlack = 0.5f, Share = 0.5f };

        Assert.Equal(100, Look(ones, ones, effort, 1.001f, matchesOfTen: 5).Count);
        Assert.Equal(Nearest, Look(ones, ones, effort, 0.999f, matchesOfTen: 5).Count);
    }

    // In parts of a hundred points each.
    private static List<int> Look(float[] distances, float[] spreads, SearchEffort effort, float reach, int matchesOfTen)
    {
        PartitionCentres centres = new(distances.Length, CodeBytes);
        spreads.CopyTo(new Span<float>(centres.Spreads, spreads.Length));
        new Span<int>(centres.Sizes, spreads.Length).Fill(100);
        float[] floats = new float[PartSeeker.FloatsFor(distances.Length)];
        distances.CopyTo(floats, 0);
        List<int> looked = [];
        fixed (float* pointer = floats)
        {
            var seeker = new PartSeeker(centres, effort, 0, pointer);
            while (seeker.TryNext(reach, out int part))
            {
                looked.Add(part);
                seeker.Looked(part, 10 * matchesOfTen);
            }

            Assert.Equal((looked.Count, 100L * looked.Count, 10L * matchesOfTen * looked.Count), (seeker.Visited, seeker.Tested, seeker.Matched));
        }

        return looked;
    }
}
