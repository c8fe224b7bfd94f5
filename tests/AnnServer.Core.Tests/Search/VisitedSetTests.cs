using AnnServer.Core.Search;
using CsCheck;

namespace AnnServer.Core.Tests.Search;

public sealed unsafe class VisitedSetTests
{
    private static readonly Gen<(int Limit, int[] Ordinals)[]> GenSearches =
        Gen.OneOf(Gen.Int[1, 200], Gen.Int[1, 20_000])
            .SelectMany(limit => Gen.OneOf(
                Gen.Int[0, limit - 1].Array[0, 12],
                Gen.Int[0, limit - 1].Array[0, 600]).Select(ordinals => (limit, ordinals)))
            .Array[1, 5];

    /// <summary>Short lists are cleared entry by entry and long ones whole, over limits that rise and fall.</summary>
    [Fact]
    public void TryAdd_SearchAfterSearch_AgreesWithAHashSet() => GenSearches.Sample(searches =>
    {
        var visited = new VisitedSet();
        foreach ((int limit, int[] ordinals) in searches)
        {
            visited.Reset((uint)limit);
            Assert.Equal((uint)limit, visited.Limit);
            Assert.Equal(0, visited.Count);
            var model = new HashSet<uint>();
            var order = new List<uint>();
            foreach (int ordinal in ordinals)
            {
                visited.ReserveBatch(1);
                bool added = model.Add((uint)ordinal);
                Assert.Equal(added, visited.TryAdd((uint)ordinal));
                if (added)
                {
                    order.Add((uint)ordinal);
                }
            }

            Assert.Equal(order, new ReadOnlySpan<uint>(visited.Met, visited.Count).ToArray());
        }
    });

    [Theory]
    [InlineData(1u)]
    [InlineData(63u)]
    [InlineData(64u)]
    [InlineData(65u)]
    [InlineData(8192u)]
    public void TryAdd_EveryOrdinalBelowTheLimit_IsMetOnce(uint limit)
    {
        var visited = new VisitedSet();
        for (int round = 0; round < 3; round++)
        {
            visited.Reset(limit);
            visited.ReserveBatch((int)limit);
            for (uint ordinal = 0; ordinal < limit; ordinal++)
            {
                Assert.True(visited.TryAdd(ordinal));
                Assert.False(visited.TryAdd(ordinal));
            }

            Assert.Equal((int)limit, visited.Count);
        }
    }

    [Fact]
    public void ReserveBatch_ListFull_MovesItWithItsContents()
    {
        var visited = new VisitedSet();
        visited.Reset(100_000);
        uint* before = visited.Met;
        for (uint ordinal = 0; ordinal < 50_000; ordinal += 100)
        {
            visited.ReserveBatch(100);
            for (uint next = 0; next < 100; next++)
            {
                Assert.True(visited.TryAdd(ordinal + next));
            }
        }

        Assert.False(before == visited.Met);
        for (uint ordinal = 0; ordinal < 50_000; ordinal++)
        {
            Assert.Equal(ordinal, visited.Met[ordinal]);
        }
    }
}
