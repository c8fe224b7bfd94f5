using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class SortedIndexTests
{
    private const int Ordinals = 3000;

    [Theory]
    [InlineData(41, 20)]
    [InlineData(42, 5000)]
    public void AddAndRemove_RandomWrites_AgreeWithSortedSet(int seed, int keys)
    {
        Random random = new(seed);
        SortedIndex<long> index = new();
        SortedSet<(long Key, uint Ordinal)> model = [];
        for (int write = 0; write < 30_000; write++)
        {
            long key = random.Next(keys);
            uint ordinal = (uint)random.Next(Ordinals);
            bool adds = random.Next(30_000) > write;
            if (adds)
            {
                Assert.Equal(model.Add((key, ordinal)), index.Add(key, ordinal));
            }
            else
            {
                (long Key, uint Ordinal) entry = model.GetViewBetween((key, ordinal), (long.MaxValue, 0)).Min;
                Assert.Equal(model.Remove(entry), index.Remove(entry.Key, entry.Ordinal));
            }

            if (write % 1500 == 0)
            {
                Check(index, model, random, keys);
            }
        }

        Check(index, model, random, keys);
        foreach ((long key, uint ordinal) in model)
        {
            Assert.True(index.Remove(key, ordinal));
        }

        Check(index, [], random, keys);
    }

    [Fact]
    public void Load_UnsortedWithDuplicates_AgreesWithSortedSet()
    {
        Random random = new(43);
        long[] keys = [.. Enumerable.Range(0, 5000).Select(_ => (long)random.Next(40))];
        uint[] ordinals = [.. Enumerable.Range(0, 5000).Select(_ => (uint)random.Next(100))];
        SortedSet<(long Key, uint Ordinal)> model = [.. keys.Zip(ordinals)];
        SortedIndex<long> index = new();

        index.Load(keys, ordinals);

        Check(index, model, random, 40);
    }

    /// <summary>
    /// One key an ordinal, as many as it takes for buckets: loaded in bulk or added, then changed for long enough that they are made anew;
    /// with keys all different, a few that many share, and keys that only grow.
    /// </summary>
    [Theory]
    [InlineData(20_000, 1_000_000, false)]
    [InlineData(20_000, 1_000_000, true)]
    [InlineData(9_000, 6, true)]
    [InlineData(9_000, 300, false)]
    [InlineData(6_000, 0, false)]
    public void AddRangeTo_OneKeyAnOrdinal_AgreesWithAScan(int ordinals, int keys, bool inBulk)
    {
        Random random = new(46);
        SortedIndex<long> index = new(isScalar: true);
        Dictionary<uint, long> model = [];
        uint[] some = [.. Enumerable.Range(0, ordinals).Where(_ => random.Next(10) > 0).Select(i => (uint)i)];
        if (!inBulk)
        {
            random.Shuffle(some);
        }

        foreach (uint ordinal in some)
        {
            model[ordinal] = Key();
            if (!inBulk)
            {
                Assert.True(index.Add(model[ordinal], ordinal));
            }
        }

        if (inBulk)
        {
            index.Load([.. model.Values], [.. model.Keys]);
        }

        CheckRanges();
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < ordinals; i++)
            {
                uint ordinal = (uint)random.Next(3 * ordinals);
                if (model.Remove(ordinal, out long old))
                {
                    Assert.True(index.Remove(old, ordinal));
                }

                if (random.Next(4) > 0)
                {
                    model[ordinal] = Key();
                    Assert.True(index.Add(model[ordinal], ordinal));
                }
            }

            CheckRanges();
        }

        long Key() => keys == 0 ? model.Count : random.Next(keys) - (keys / 2);

        void CheckRanges()
        {
            long[] bounds = [long.MinValue, .. Enumerable.Range(0, 30).Select(_ => model.Values.ElementAt(random.Next(model.Count))), long.MaxValue];
            OrdinalBitmap bitmap = new();
            foreach (int length in (int[])[100, ordinals - 37, 3 * ordinals, (4 * ordinals) + 5])
            {
                for (int i = 0; i < 60; i++)
                {
                    long low = bounds[random.Next(bounds.Length)];
                    long high = bounds[random.Next(bounds.Length)];
                    low += low is long.MinValue or long.MaxValue ? 0 : random.Next(-1, 2);
                    bitmap.Reset(length);
                    bitmap.Add(7);
                    index.AddRangeTo(low, high, bitmap);
                    uint[] expected =
                    [
                        .. model.Where(entry => entry.Value >= low && entry.Value <= high && entry.Key < length).Select(entry => entry.Key)
                            .Append(7u).Distinct().Order(),
                    ];
                    List<uint> found = [];
                    foreach (uint ordinal in bitmap)
                    {
                        found.Add(ordinal);
                    }

                    Assert.Equal(expected, found);
                }
            }
        }
    }

    [Fact]
    public void CountRange_ExtremeKeys_CountsAll()
    {
        SortedIndex<double> index = new();
        double[] keys = [double.MinValue, -1, -0.0, 0, 1, double.MaxValue];
        for (uint i = 0; i < keys.Length; i++)
        {
            index.Add(keys[i], i);
        }

        Assert.Equal(6, index.CountRange(double.NegativeInfinity, double.PositiveInfinity));
        Assert.Equal(2, index.CountRange(0, 0));
        Assert.Equal(0, index.CountRange(1, -1));
        Assert.True(index.Remove(0, 2));
    }

    private static void Check(SortedIndex<long> index, SortedSet<(long Key, uint Ordinal)> model, Random random, int keys)
    {
        Assert.Equal(model.Count, index.Count);
        SortedIndex<long>.Position place = default;
        foreach ((long key, uint ordinal) in model)
        {
            Assert.True(index.MoveNext(ref place, out long foundKey, out uint foundOrdinal));
            Assert.Equal((key, ordinal), (foundKey, foundOrdinal));
        }

        Assert.False(index.MoveNext(ref place, out _, out _));
        Assert.Equal(index.End, place);
        foreach ((long key, uint ordinal) in model.Reverse())
        {
            Assert.True(index.MovePrevious(ref place, out long foundKey, out uint foundOrdinal));
            Assert.Equal((key, ordinal), (foundKey, foundOrdinal));
        }

        Assert.False(index.MovePrevious(ref place, out _, out _));
        for (int i = 0; i < 10; i++)
        {
            CheckRange(index, model, random.Next(-1, keys), random.Next(-1, keys + 1));
        }
    }

    private static void CheckRange(SortedIndex<long> index, SortedSet<(long Key, uint Ordinal)> model, long low, long high)
    {
        (long Key, uint Ordinal)[] expected = [.. model.Where(entry => entry.Key >= low && entry.Key <= high)];
        OrdinalBitmap bitmap = new();
        bitmap.Reset(Ordinals / 2);

        index.AddRangeTo(low, high, bitmap);

        Assert.Equal(expected.Length, index.CountRange(low, high));
        Assert.Equal(expected.Select(entry => entry.Ordinal).Where(ordinal => ordinal < Ordinals / 2).Distinct().Count(), bitmap.Count());
        Assert.All(expected, entry => Assert.Equal(entry.Ordinal < Ordinals / 2, bitmap.Contains(entry.Ordinal)));
        SortedIndex<long>.Position from = index.Seek(low, 0);
        bool hasNext = index.MoveNext(ref from, out long next, out _);
        Assert.Equal(model.Any(entry => entry.Key >= low), hasNext);
        Assert.True(!hasNext || next >= low);
        SortedIndex<long>.Position to = index.SeekAfter(high);
        bool hasPrevious = index.MovePrevious(ref to, out long previous, out _);
        Assert.Equal(model.Any(entry => entry.Key <= high), hasPrevious);
        Assert.True(!hasPrevious || previous <= high);
    }
}
