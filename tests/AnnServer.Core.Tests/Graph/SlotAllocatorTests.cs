using AnnServer.Core.Graph;
using CsCheck;

namespace AnnServer.Core.Tests.Graph;

public sealed class SlotAllocatorTests
{
    /// <summary>Null reserves; a number releases that many-th of the slots in use.</summary>
    [Fact]
    public void ReserveAndRelease_AnySteps_GiveTheLowestFreeSlot() =>
        Gen.Select(Gen.UInt[0, 20], Gen.Frequency((3, Gen.Const((int?)null)), (2, Gen.Int[0, 30].Select(at => (int?)at))).Array[0, 80])
            .Sample((capacity, steps) =>
            {
                var slots = new SlotAllocator(capacity);
                var used = new SortedSet<uint>();
                foreach (int? step in steps)
                {
                    if (step is { } at && used.Count > 0)
                    {
                        uint released = used.ElementAt(at % used.Count);
                        used.Remove(released);
                        slots.Release([released]);
                        continue;
                    }

                    uint lowest = 0;
                    while (used.Contains(lowest))
                    {
                        lowest++;
                    }

                    Assert.Equal(lowest < capacity, slots.TryReserve(out uint ordinal));
                    if (lowest < capacity)
                    {
                        Assert.Equal(lowest, ordinal);
                        used.Add(ordinal);
                    }
                }
            });

    [Theory]
    [InlineData(10, 0, 10, true)]
    [InlineData(10, 0, 11, false)]
    [InlineData(10, 3, 9, true)]
    [InlineData(10, 3, 10, false)]
    public void TryReserve_Several_TakesAllOrNone(uint capacity, uint used, int wanted, bool fits)
    {
        var slots = new SlotAllocator(capacity);
        for (uint i = 0; i < used; i++)
        {
            Assert.True(slots.TryReserve(out _));
        }

        if (used > 0)
        {
            // Two of them come back, so that some of what is wanted are used ones and some are new.
            slots.Release([1, 0]);
        }

        uint[] ordinals = new uint[wanted];
        Assert.Equal(fits, slots.TryReserve(ordinals));

        uint[] free = [.. Enumerable.Range(0, (int)capacity).Select(i => (uint)i).Where(i => used == 0 || i < 2 || i >= used)];
        Assert.Equal(fits ? free.Take(wanted) : Enumerable.Repeat(0u, wanted), ordinals);
        int left = 0;
        while (slots.TryReserve(out _))
        {
            left++;
        }

        Assert.Equal(free.Length - (fits ? wanted : 0), left);
    }

    [Fact]
    public async Task TryReserve_ManyThreads_GivesEachSlotOnce()
    {
        const int Threads = 4;
        const uint Capacity = 20_000;
        var slots = new SlotAllocator(Capacity);
        int[] owners = new int[Capacity];
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(
            () =>
            {
                for (int i = 0; slots.TryReserve(out uint ordinal); i++)
                {
                    Assert.Equal(1, Interlocked.Increment(ref owners[ordinal]));
                    if (i % 3 == 0)
                    {
                        Interlocked.Decrement(ref owners[ordinal]);
                        slots.Release([ordinal]);
                    }
                }
            },
            TestContext.Current.CancellationToken)));
        Assert.All(owners, owner => Assert.Equal(1, owner));
    }

    [Fact]
    public void Restore_SomeSlotsFree_GivesThemFirst()
    {
        var slots = new SlotAllocator(10);
        slots.TryReserve(out _);
        slots.Release([0]);
        slots.Restore(6, [4, 2]);
        foreach (uint expected in new uint[] { 2, 4, 6, 7, 8, 9 })
        {
            Assert.True(slots.TryReserve(out uint ordinal));
            Assert.Equal(expected, ordinal);
        }

        Assert.False(slots.TryReserve(out _));
    }
}
