using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Kernels;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

public sealed class ConcurrencyTests
{
    private const int Writers = 4;
    private const int PerWriter = 500;
    private const int Dimension = 24;

    [Fact]
    public async Task Index_WritersReadersHidesAndSweeps_StaysSoundAndNeverShowsAWrongPoint()
    {
        using var run = new Run();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(writer => Task.Run(() => run.Write(writer), cancellation))];
        Task[] readers = [.. Enumerable.Range(0, 2).Select(reader => Task.Run(() => run.Read(reader), cancellation))];
        Task sweeper = Task.Run(run.SweepUntilDone, cancellation);
        try
        {
            await Task.WhenAll(writers);
        }
        finally
        {
            run.Done = true;
        }

        await Task.WhenAll([.. readers, sweeper]);
        run.AssertSoundAtRest();
    }

    [Fact]
    public async Task Commit_TwoWritersIntoAnEmptyIndex_LeaveEveryPointReachable()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var source = new ClusteredVectors(4, 41);
        for (int round = 0; round < 200; round++)
        {
            float[][] vectors = source.Next(2 + (round % 7));
            var gate = new Lock();
            using var index = new TestIndex(4, m: 4, maxNodes: 16);
            using var start = new Barrier(2);

            void Insert(int first)
            {
                for (int i = first; i < vectors.Length; i += 2)
                {
                    Assert.True(index.Index.TryReserve(out uint ordinal));
                    using ScratchPool.Scope scope = index.Scratches.Rent();
                    if (i < 2)
                    {
                        start.SignalAndWait(cancellation);
                    }

                    index.Index.Plan(ordinal, vectors[i], scope.Scratch);
                    lock (gate)
                    {
                        index.Index.Commit(scope.Scratch);
                        index.Points.Add(ordinal, vectors[i]);
                    }
                }
            }

            await Task.WhenAll(Task.Run(() => Insert(0), cancellation), Task.Run(() => Insert(1), cancellation));
            index.AssertSound();
            Assert.Equal(vectors.Length, index.Search(vectors[0], vectors.Length, 10).Count);
        }
    }

    /// <summary>Plans that were all made over the empty graph, more than the index remembers commits.</summary>
    [Fact]
    public void Commit_ManyPlansOfTheSameMoment_LeaveEveryPointReachable()
    {
        const int Plans = 150;
        float[][] vectors = new ClusteredVectors(8, 42).Next(Plans);
        using var index = new TestIndex(8, m: 4);
        var scopes = new List<ScratchPool.Scope>();
        foreach (float[] vector in vectors)
        {
            Assert.True(index.Index.TryReserve(out uint ordinal));
            ScratchPool.Scope scope = index.Scratches.Rent();
            index.Index.Plan(ordinal, vector, scope.Scratch);
            index.Points.Add(ordinal, vector);
            scopes.Add(scope);
        }

        foreach (ScratchPool.Scope scope in scopes)
        {
            index.Index.Commit(scope.Scratch);
            scope.Dispose();
        }

        index.AssertSound();
        Assert.InRange(index.Recall(vectors, 64), 0.95, 1);
    }

    [Fact]
    public void Commit_PlannedNeighboursHiddenMeanwhile_LinksToLivePointsOnly()
    {
        var source = new ClusteredVectors(8, 43);
        using var index = TestIndex.Build(source.Next(300), m: 4);
        float[] vector = source.Next();
        Assert.True(index.Index.TryReserve(out uint ordinal));
        using (ScratchPool.Scope scope = index.Scratches.Rent())
        {
            index.Index.Plan(ordinal, vector, scope.Scratch);
            foreach (Candidate near in index.Search(vector, 100, 100))
            {
                index.Hide(near.Ordinal);
            }

            index.Index.Commit(scope.Scratch);
            Assert.Contains(new RowKey(ordinal, 0), VectorIndex.ChangedRows(scope.Scratch));
        }

        index.Points.Add(ordinal, vector);
        uint[] links = index.Index.Links(new RowKey(ordinal, 0)).ToArray();
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(index.Index.IsLive(link)));
        index.AssertSound();
    }

    [Fact]
    public unsafe void Search_SweepBetweenItsBeginAndItsWalk_DoesNotReturnThePointItBeganAt()
    {
        using var index = TestIndex.Build(new ClusteredVectors(8, 45).Next(200));
        GraphStore store = index.Index.Store;
        Assert.True(store.TryGetEntry(out uint hidden, out _));
        float[] query = index.Vector(hidden);
        index.Hide(hidden);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        SearchScratch scratch = scope.Scratch;

        Assert.True(HnswSearcher<FullRows<SquaredEuclidean, float>>.TryBegin(store, scratch, out uint entry, out int layer));
        byte* row = FullRows<SquaredEuclidean, float>.Query(store, query, scratch.WalkQuery);
        Candidate start = HnswSearcher<FullRows<SquaredEuclidean, float>>.Descend(store, row, entry, layer, 0, scratch);
        Assert.Equal(hidden, start.Ordinal);
        using (ScratchPool.Scope sweeper = index.Scratches.Rent())
        {
            foreach (RowKey repaired in index.Rows().Where(repaired => index.Index.PlanRepair(repaired, sweeper.Scratch)))
            {
                index.Index.CommitRepair(sweeper.Scratch);
            }
        }

        index.Index.Forget([hidden]);
        HnswSearcher<FullRows<SquaredEuclidean, float>>.SearchLive(
            store, row, start, 0, new WalkLimits(10, 20, float.PositiveInfinity, 0, long.MaxValue), scratch, CancellationToken.None);

        Assert.InRange(scratch.ResultCount, 10, 20);
        Assert.DoesNotContain(hidden, Enumerable.Range(0, scratch.ResultCount).Select(i => scratch.Result(i).Ordinal));
    }

    /// <summary>A point as the test stores it before it is committed.</summary>
    private sealed class StoredPoint(float[] vector)
    {
        public float[] Vector { get; } = vector;

        /// <summary>The tick after which no search may return it; 0 while it is live.</summary>
        public long HiddenAt;
    }

    private sealed class Run : IDisposable
    {
        private readonly Lock _commit = new();
        private readonly TestIndex _index = new(Dimension, maxNodes: 4_000);
        private readonly StoredPoint?[] _stored = new StoredPoint?[4_000];
        private readonly float[][][] _vectors = new float[Writers][][];
        private readonly float[][] _queries;
        private volatile bool _done;
        private long _tick;

        public Run()
        {
            var source = new ClusteredVectors(Dimension, 44);
            for (int writer = 0; writer < Writers; writer++)
            {
                _vectors[writer] = source.Next(PerWriter);
            }

            _queries = source.Next(100);
            foreach (float[] vector in source.Next(200))
            {
                Insert(vector);
            }
        }

        public bool Done
        {
            set => _done = value;
        }

        private VectorIndex Index => _index.Index;

        /// <summary>Inserts, and hides every third of its own points three inserts later.</summary>
        public void Write(int writer)
        {
            uint toHide = 0;
            for (int i = 0; i < PerWriter; i++)
            {
                uint ordinal = Insert(_vectors[writer][i]);
                if (i % 3 == 0)
                {
                    toHide = ordinal;
                }
                else if (i % 3 == 2)
                {
                    lock (_commit)
                    {
                        Index.Hide(toHide);
                        _stored[toHide]!.HiddenAt = Interlocked.Increment(ref _tick);
                    }
                }
            }
        }

        public void Read(int reader)
        {
            // At least one round, however late the reader gets to run.
            int at = reader;
            do
            {
                float[] query = _queries[at++ % _queries.Length];
                using ScratchPool.Scope scope = _index.Scratches.Rent();
                long begun = Interlocked.Increment(ref _tick);
                Assert.True(Index.Search(query, new SearchEffort(10, 40), null, scope.Scratch, CancellationToken.None));
                Assert.InRange(scope.Scratch.ResultCount, 10, 40);
                for (int i = 0; i < scope.Scratch.ResultCount; i++)
                {
                    Candidate hit = scope.Scratch.Result(i);
                    StoredPoint point = Volatile.Read(ref _stored[hit.Ordinal])!;
                    Assert.Equal(Oracle.Distance(DistanceKind.SquaredEuclidean, query, point.Vector), hit.Distance, 1e-3);
                    long hiddenAt = Volatile.Read(ref point.HiddenAt);
                    Assert.True(hiddenAt == 0 || hiddenAt > begun, "A point came back after it was hidden.");
                }
            }
            while (!_done);
        }

        public void SweepUntilDone()
        {
            do
            {
                Sweep();
            }
            while (!_done);
        }

        public void AssertSoundAtRest()
        {
            Sweep();
            for (uint ordinal = 0; ordinal < Index.SlotCount; ordinal++)
            {
                if (Index.IsLive(ordinal))
                {
                    _index.Points.Add(ordinal, _stored[ordinal]!.Vector);
                }
            }

            Assert.Equal(200 + (Writers * (PerWriter - (PerWriter / 3))), _index.Points.Count);
            _index.AssertSound();
            Assert.InRange(_index.Recall(_queries, 64), 0.95, 1);
        }

        public void Dispose() => _index.Dispose();

        private uint Insert(float[] vector)
        {
            Assert.True(Index.TryReserve(out uint ordinal));
            Volatile.Write(ref _stored[ordinal], new StoredPoint(vector));
            using ScratchPool.Scope scope = _index.Scratches.Rent();
            Index.Plan(ordinal, vector, scope.Scratch);
            lock (_commit)
            {
                Index.Commit(scope.Scratch);
            }

            return ordinal;
        }

        private void Sweep()
        {
            uint[] hidden;
            lock (_commit)
            {
                hidden = [.. Enumerable.Range(0, (int)Index.SlotCount).Select(ordinal => (uint)ordinal)
                    .Where(ordinal => !Index.IsLive(ordinal) && _stored[ordinal] is { HiddenAt: > 0 })];
            }

            foreach (RowKey row in _index.Rows())
            {
                using ScratchPool.Scope scope = _index.Scratches.Rent();
                if (Index.PlanRepair(row, scope.Scratch))
                {
                    lock (_commit)
                    {
                        Index.CommitRepair(scope.Scratch);
                    }
                }
            }

            lock (_commit)
            {
                using ScratchPool.Scope scope = _index.Scratches.Rent();
                var reached = new OrdinalBitmap();
                foreach (uint ordinal in GraphAudit.FindUnreachable(Index, reached))
                {
                    if (reached.Contains(ordinal))
                    {
                        continue;
                    }

                    Index.PlanRelink(ordinal, scope.Scratch);
                    if (Index.CommitRelink(scope.Scratch))
                    {
                        GraphAudit.Reach(Index, ordinal, reached);
                    }
                }

                foreach (RowKey row in _index.Rows())
                {
                    Assert.False(Index.Links(row).ContainsAny(hidden));
                }

                Index.Forget(hidden);
            }

            long epoch = _index.Scratches.AdvanceEpoch();
            while (_index.Scratches.HasReadersBefore(epoch))
            {
                Thread.Yield();
            }

            foreach (uint ordinal in hidden)
            {
                _stored[ordinal] = null;
            }

            Index.Release(hidden);
        }
    }
}
