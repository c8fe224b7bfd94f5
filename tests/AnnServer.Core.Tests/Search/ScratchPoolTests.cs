using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Search;

public sealed class ScratchPoolTests
{
    [Fact]
    public void HasReadersBefore_RentedBeforeTheEpoch_IsTrueUntilReturned()
    {
        var pool = new ScratchPool();
        ScratchPool.Scope reader = pool.Rent();
        long epoch = pool.AdvanceEpoch();
        Assert.True(pool.HasReadersBefore(epoch));
        reader.Dispose();
        Assert.False(pool.HasReadersBefore(epoch));
    }

    [Fact]
    public void HasReadersBefore_RentedAfterTheEpoch_IsFalse()
    {
        var pool = new ScratchPool();
        long first = pool.AdvanceEpoch();
        using ScratchPool.Scope reader = pool.Rent();
        Assert.False(pool.HasReadersBefore(first));
        long second = pool.AdvanceEpoch();
        Assert.True(second > first);
        Assert.False(pool.HasReadersBefore(first));
        Assert.True(pool.HasReadersBefore(second));
    }

    [Fact]
    public void HasReadersBefore_ScratchRentedAgain_CountsFromTheSecondRent()
    {
        var pool = new ScratchPool();
        pool.Rent().Dispose();
        long epoch = pool.AdvanceEpoch();
        using ScratchPool.Scope again = pool.Rent();
        Assert.Equal(1, pool.Created);
        Assert.False(pool.HasReadersBefore(epoch));
    }

    [Fact]
    public void Rent_WhileAnotherIsOut_GivesAnother()
    {
        var pool = new ScratchPool();
        ScratchPool.Scope first = pool.Rent();
        ScratchPool.Scope second = pool.Rent();
        Assert.NotSame(first.Scratch, second.Scratch);
        Assert.Equal(2, pool.Created);
        first.Dispose();
        second.Dispose();
        pool.Rent().Dispose();
        Assert.Equal(2, pool.Created);
    }

    [Fact]
    public void Rent_AfterUse_CountsFromZeroAndHoldsNoResults()
    {
        var pool = new ScratchPool();
        using (ScratchPool.Scope scope = pool.Rent())
        {
            scope.Scratch.DistanceComputations = 5;
            scope.Scratch.Expansions = 6;
            scope.Scratch.Results = scope.Scratch.Pool;
        }

        using ScratchPool.Scope again = pool.Rent();
        Assert.Equal(0, again.Scratch.DistanceComputations);
        Assert.Equal(0, again.Scratch.Expansions);
        Assert.Equal(0, again.Scratch.ResultCount);
    }

    /// <summary>The reclamation protocol on one published cell: no reader may see a cell that was cleared under it.</summary>
    [Fact]
    public async Task HasReadersBefore_ReadersAndAReclaimer_NeverLetsACellGoEarly()
    {
        const int Rounds = 3000;
        var pool = new ScratchPool();
        int[] cells = new int[Rounds + 1];
        cells[0] = 1;
        int published = 0;
        bool done = false;
        long misses = 0;

        void Read()
        {
            while (!Volatile.Read(ref done))
            {
                using ScratchPool.Scope scope = pool.Rent();
                int cell = Volatile.Read(ref published);
                for (int look = 0; look < 20; look++)
                {
                    if (Volatile.Read(ref cells[cell]) != cell + 1)
                    {
                        Interlocked.Increment(ref misses);
                    }
                }
            }
        }

        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task[] readers = [Task.Run(Read, cancellation), Task.Run(Read, cancellation)];
        for (int round = 1; round <= Rounds; round++)
        {
            Volatile.Write(ref cells[round], round + 1);
            Volatile.Write(ref published, round);
            long epoch = pool.AdvanceEpoch();
            while (pool.HasReadersBefore(epoch))
            {
                Thread.Yield();
            }

            Volatile.Write(ref cells[round - 1], 0);
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(readers);
        Assert.Equal(0, misses);
    }
}
