using System.Runtime.InteropServices;
using AnnServer.Core.Filtering;
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
            for (uint ordinal = 0; ordinal < limit; ordinal++)
            {
                Assert.True(visited.TryAdd(ordinal));
                Assert.False(visited.TryAdd(ordinal));
            }

            Assert.Equal((int)limit, visited.Count);
        }
    }

    [Fact]
    public void AddRow_ListFull_MovesItWithItsContents()
    {
        const int Capacity = 100;
        var visited = new VisitedSet();
        visited.Reset(100_000);
        uint* before = visited.Met;
        using var row = new TestRow(Capacity);
        for (uint ordinal = 0; ordinal < 50_000; ordinal += Capacity)
        {
            for (uint next = 0; next < Capacity; next++)
            {
                row.Links[next] = ordinal + next;
            }

            visited.AddRow(row.Links, Capacity);
        }

        Assert.False(before == visited.Met);
        Assert.Equal(50_000, visited.Count);
        for (uint ordinal = 0; ordinal < 50_000; ordinal++)
        {
            Assert.Equal(ordinal, visited.Met[ordinal]);
        }
    }

    /// <summary>
    /// Rows as a writer may leave them for a moment: ends within them, nodes named twice, nodes beyond the limit, and anything at
    /// all behind the capacity.
    /// </summary>
    [Fact]
    public void AddRow_AnyRows_AddsWhatAHashSetWould() => Gen.Select(
        Gen.Int[1, 3000],
        Gen.Int[1, 100],
        Gen.Frequency((6, Gen.UInt[0, 3000]), (1, Gen.Const(uint.MaxValue))).Array[100].Array[1, 12]).Sample((limit, capacity, rows) =>
    {
        var visited = new VisitedSet();
        visited.Reset((uint)limit);
        using var row = new TestRow(capacity);
        var model = new HashSet<uint>();
        var order = new List<uint>();
        foreach (uint[] links in rows)
        {
            row.Fill(links);
            visited.AddRow(row.Links, capacity);
            order.AddRange(links.Take(capacity).Where(link => link < limit && model.Add(link)));
            Assert.Equal(order, new ReadOnlySpan<uint>(visited.Met, visited.Count).ToArray());
        }

        Assert.All(Enumerable.Range(0, limit), ordinal => Assert.Equal(!model.Contains((uint)ordinal), visited.TryAdd((uint)ordinal)));
    });

    /// <summary>The same where only members of a set count, which may end below the limit.</summary>
    [Fact]
    public void AddRow_WithASet_AddsItsMembersOnly() => Gen.Select(
        Gen.Int[1, 3000],
        Gen.Int[1, 100],
        Gen.UInt[0, 3000].Array[0, 1500],
        Gen.Int[0, 40],
        Gen.Frequency((6, Gen.UInt[0, 3000]), (1, Gen.Const(uint.MaxValue))).Array[100].Array[1, 12]).Sample((limit, capacity, members, words, rows) =>
    {
        ulong[] bits = new ulong[words];
        foreach (uint member in members.Where(member => member < words * 64))
        {
            bits[member >> 6] |= 1UL << (int)(member & 63);
        }

        var visited = new VisitedSet();
        visited.Reset((uint)limit, heldOut: 5);
        using var row = new TestRow(capacity);
        HashSet<uint> model = limit > 5 ? [5] : [];
        List<uint> order = [.. model];
        fixed (ulong* first = bits)
        {
            var accept = new OrdinalWords(first, words);
            foreach (uint[] links in rows)
            {
                row.Fill(links);
                visited.AddRow(row.Links, capacity, accept);
                order.AddRange(links.Take(capacity).Where(
                    link => link < limit && link < words * 64 && members.Contains(link) && model.Add(link)));
                Assert.Equal(order, new ReadOnlySpan<uint>(visited.Met, visited.Count).ToArray());
            }
        }
    });

    /// <summary>A row of links as the graph keeps it: whole cache lines.</summary>
    private sealed class TestRow(int capacity) : IDisposable
    {
        private readonly int _length = (capacity + 15) / 16 * 16;

        public uint* Links { get; } = (uint*)NativeMemory.AlignedAlloc((nuint)((capacity + 15) / 16 * 64), 64);

        /// <summary>The links, and behind the capacity whatever follows there.</summary>
        public void Fill(uint[] links)
        {
            for (int i = 0; i < _length; i++)
            {
                Links[i] = links[i % links.Length];
            }
        }

        public void Dispose() => NativeMemory.AlignedFree(Links);
    }
}
