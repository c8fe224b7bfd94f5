using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Which parts a query looks in, and when. Runs again at each narrower register width.</summary>
public sealed unsafe class PartSeekerTests
{
    private const int CodeBytes = 32;
    private const int Nearest = 8;

    /// <summary>Every part whose key is within reach and none beyond it, but for the nearest; nearer ones first, by and large.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(20)]
    [InlineData(536)]
    public void TryNext_OneReach_LooksWhereItMayBe(int parts)
    {
        var random = new Random(parts);
        float[] distances = [.. Enumerable.Range(0, parts).Select(_ => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble()))];
        float[] spreads = [.. Enumerable.Range(0, parts).Select(_ => 0.1f + (0.1f * random.NextSingle()))];
        const float Cosine = 0.5f;
        float[] keys = [.. distances.Zip(spreads, static (c, r) => c + r - (2 * Cosine * MathF.Sqrt(c * r)))];

        foreach (float reach in (float[])[float.NegativeInfinity, 0.3f, 0.8f, float.PositiveInfinity])
        {
            List<int> looked = Look(distances, spreads, new SearchEffort(10, 10) { Slack = Cosine, DenseSlack = Cosine, Share = 0.1f }, reach, matchesOfTen: 1);

            Assert.Equal(looked.Count, looked.Distinct().Count());
            int[] within = [.. Enumerable.Range(0, parts).Where(part => keys[part] <= reach - 1e-5f)];
            Assert.Empty(within.Except(looked));
            Assert.InRange(looked.Count, Math.Min(Nearest, parts), Math.Max(Nearest, Enumerable.Range(0, parts).Count(part => keys[part] <= reach + 1e-5f)));
            // In steps of an eighth of the way from the least to the mean, which all but the last keep to.
            float step = (keys.Average() - keys.Min()) / 8;
            int last = 0;
            foreach (int part in looked)
            {
                int at = (int)Math.Min(8, ((keys[part] - keys.Min()) / step) + 0.01f);
                Assert.True(at >= last, $"part {part} of step {at} after step {last}");
                last = (int)Math.Min(8, ((keys[part] - keys.Min()) / step) - 0.01f);
            }
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

    /// <summary>Distances beyond what floats hold are not too far, as nobody knows how far they are.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.MaxValue)]
    public void TryNext_NoNumbers_LooksEverywhereAtOnce(float distance)
    {
        float[] distances = [.. Enumerable.Range(0, 40).Select(part => part % 3 == 0 ? distance : 1f)];
        List<int> looked = Look(
            distances, [.. Enumerable.Repeat(1f, 40)], new SearchEffort(10, 10) { Slack = 0.5f, DenseSlack = 0.6f, Share = 0.5f }, float.PositiveInfinity, matchesOfTen: 5);

        Assert.Equal(Enumerable.Range(0, 40), looked.Order());
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
