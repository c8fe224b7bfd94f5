using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class PostingSetTests
{
    [Theory]
    [InlineData(31, 200_000, 3)]
    [InlineData(32, 9_000, 2)]
    [InlineData(33, 9_000, 5)]
    public void AddAndRemove_RandomWrites_AgreeWithHashSet(int seed, int range, int addsInSix)
    {
        Random random = new(seed);
        PostingSet set = new();
        HashSet<uint> model = [];

        // Fill, so that both chunk forms and the way between them occur, then write at random, then empty.
        for (int write = 0; write < 60_000; write++)
        {
            uint ordinal = (uint)random.Next(range);
            bool adds = write < 20_000 || (write < 40_000 && random.Next(6) < addsInSix);
            Assert.Equal(adds ? model.Add(ordinal) : model.Remove(ordinal), adds ? set.Add(ordinal) : set.Remove(ordinal));
            Assert.Equal(model.Count, set.Count);
            if (write % 5000 == 0)
            {
                Check(set, model, range);
            }
        }

        Check(set, model, range);
        foreach (uint ordinal in model)
        {
            Assert.True(set.Remove(ordinal));
        }

        Check(set, [], range);
    }

    [Fact]
    public void AddTo_ShortBitmap_LeavesOutWhatLiesBeyond()
    {
        PostingSet set = new();
        for (uint ordinal = 0; ordinal < 70_000; ordinal++)
        {
            set.Add(ordinal);
        }

        set.Add(4_000_000_000);
        foreach (int length in (int[])[0, 1, 63, 64, 65, 65_535, 65_536, 65_537, 70_001])
        {
            OrdinalBitmap bitmap = new();
            bitmap.Reset(length);
            set.AddTo(bitmap);
            Assert.Equal(Math.Min(length, 70_000), bitmap.Count());
        }

        Assert.True(set.Contains(4_000_000_000));
    }

    [Fact]
    public void MemoryBytes_DenseSet_IsNearOneBitAnOrdinal()
    {
        PostingSet set = new();
        for (uint ordinal = 0; ordinal < 1 << 20; ordinal++)
        {
            set.Add(ordinal);
        }

        Assert.InRange(set.MemoryBytes, (1 << 20) / 8, (1 << 20) / 8 + 4096);
    }

    [Theory]
    [InlineData(41, 200_000, 150_000)]
    [InlineData(42, 200_000, 3000)]
    [InlineData(43, 66_000, 20_000)]
    public void CountInAndAddTo_Scopes_AreAnIntersection(int seed, int range, int members)
    {
        Random random = new(seed);
        PostingSet set = new();
        HashSet<uint> model = [];
        for (int i = 0; i < members; i++)
        {
            uint ordinal = (uint)random.Next(range);
            model.Add(ordinal);
            set.Add(ordinal);
        }

        foreach (int length in (int[])[0, 1, 65, 5000, 65_535, 65_537, range, range + 70_000])
        {
            OrdinalBitmap scope = new();
            scope.Reset(length);
            HashSet<uint> inScope = [];
            for (int i = 0; i < length / 2; i++)
            {
                uint ordinal = (uint)random.Next(length);
                inScope.Add(ordinal);
                scope.Add(ordinal);
            }

            List<uint> listed = [7];
            set.AddTo(listed, scope);

            inScope.IntersectWith(model);
            Assert.Equal(inScope.Count, set.CountIn(scope));
            Assert.Equal([7, .. inScope.Order()], listed);
        }
    }

    private static void Check(PostingSet set, HashSet<uint> model, int range)
    {
        OrdinalBitmap bitmap = new();
        bitmap.Reset(range);
        set.AddTo(bitmap);
        Assert.Equal(model.Count, bitmap.Count());
        for (uint ordinal = 0; ordinal < (uint)range; ordinal++)
        {
            bool expected = model.Contains(ordinal);
            if (set.Contains(ordinal) != expected || bitmap.Contains(ordinal) != expected)
            {
                Assert.Fail($"Ordinal {ordinal} should {(expected ? "" : "not ")}be a member.");
            }
        }
    }
}
