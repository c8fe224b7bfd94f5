using AnnServer.Core.Search;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>What happens while the memory for vectors on their way to disk is full, and when it is not given back.</summary>
public sealed class VectorMemoryTests : IDisposable
{
    private const int Dimension = 512;

    // A wait that ends by itself after this long has not been ended.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    private readonly DataFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AReaderThatTakesLong_HoldsUpOnlyWhoNeedsTheMemoryThatItReads()
    {
        await using TestDatabase test = await OpenAsync();
        Collection disk = await test.CreateAsync(Config("disk"));
        Collection memory = await test.CreateAsync(Config("memory") with { VectorPlacement = VectorPlacement.Memory });
        ScratchPool.Scope reader = test.Database.Context.Scratches.Rent();
        await UpsertAsync(disk, 0, 400);
        Task<EngineResult<WriteReceipt>> more = disk.UpsertAsync(Points(1000, 400), new Faults(), Cancellation).AsTask();

        await test.CheckpointAsync().WaitAsync(Hang, Cancellation);
        await UpsertAsync(memory, 0, 1).WaitAsync(Hang, Cancellation);
        await UpsertAsync(memory, 1, 300).WaitAsync(Hang, Cancellation);
        await test.CheckpointAsync().WaitAsync(Hang, Cancellation);
        Assert.False(more.IsCompleted);
        reader.Dispose();

        Assert.Null((await more.WaitAsync(Hang, Cancellation)).Error);
        Assert.Equal(800, disk.PointCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AStopOrAFailureEndsTheWait(bool stop)
    {
        await using TestDatabase test = await OpenAsync();
        Collection disk = await test.CreateAsync(Config("disk"));
        using ScratchPool.Scope reader = test.Database.Context.Scratches.Rent();
        await UpsertAsync(disk, 0, 512);
        Task<EngineResult<WriteReceipt>> waiting = disk.UpsertAsync(Points(1000, 400), new Faults(), Cancellation).AsTask();
        await Task.Delay(100, Cancellation);
        Assert.False(waiting.IsCompleted);

        if (stop)
        {
            await test.Database.DisposeAsync().AsTask().WaitAsync(Hang, Cancellation);
        }
        else
        {
            test.Database.Context.Log.Fail(new IOException("The disk is gone."));
        }

        Assert.Equal(EngineStatus.Unavailable, (await waiting.WaitAsync(Hang, Cancellation)).Error!.Status);
    }

    [Fact]
    public async Task MemoryThatIsNotGivenBack_RefusesRequestsAsAWhole_UntilItIs()
    {
        await using TestDatabase test = await OpenAsync(TimeSpan.FromMilliseconds(500));
        Collection disk = await test.CreateAsync(Config("disk"));
        ScratchPool.Scope reader = test.Database.Context.Scratches.Rent();
        await UpsertAsync(disk, 0, 512);
        EngineError? begun = (await disk.UpsertAsync(Points(1000, 400), new Faults(), Cancellation).AsTask().WaitAsync(Hang, Cancellation)).Error;
        int written = disk.PointCount;
        EngineError? refused = (await disk.UpsertAsync(Points(2000, 1), new Faults(), Cancellation).AsTask().WaitAsync(Hang, Cancellation)).Error;

        Assert.Equal(EngineStatus.ResourceExhausted, begun!.Status);
        Assert.Contains("VectorMemoryBytes", begun.Message, StringComparison.Ordinal);
        Assert.Equal(EngineStatus.ResourceExhausted, refused!.Status);
        Assert.Contains("nothing was written", refused.Message, StringComparison.Ordinal);
        Assert.Equal(written, disk.PointCount);
        reader.Dispose();
        await test.CheckpointAsync();
        await UntilAsync(() => test.Database.VectorMemoryUsed == 0);
        await UpsertAsync(disk, 3000, 400);
    }

    [Fact]
    public async Task ADroppedCollection_GivesBackWhatItHasOnce()
    {
        await using TestDatabase test = await OpenAsync();
        for (int i = 0; i < 8; i++)
        {
            Collection disk = await test.CreateAsync(Config("disk"));
            ScratchPool.Scope reader = test.Database.Context.Scratches.Rent();
            await UpsertAsync(disk, 0, 100);
            if (i % 2 == 0)
            {
                await test.CheckpointAsync();
            }

            Assert.Null((await test.Database.DeleteCollectionAsync("disk", Cancellation)).Error);
            Assert.True(test.Database.VectorMemoryUsed > 0);
            reader.Dispose();
            await UntilAsync(() => test.Database.VectorMemoryUsed == 0);
        }

        await Task.Delay(50, Cancellation);
        Assert.Equal(0, test.Database.VectorMemoryUsed);
    }

    [Fact]
    public async Task MemoryThatIsFree_GoesBackToTheSystem()
    {
        await using TestDatabase test = await OpenAsync();
        Collection disk = await test.CreateAsync(Config("disk"));
        await UpsertAsync(disk, 0, 300);
        long places = disk.GetInfo().Memory.Vectors - (300 * Dimension * sizeof(float));
        Assert.InRange(places, 0, 1 << 20);

        await test.CheckpointAsync();
        await UntilAsync(() => test.Database.VectorMemoryUsed == 0);

        // Eight bytes a slot, in steps of 64 KiB.
        Assert.InRange(disk.GetInfo().Memory.Vectors, 0, 1 << 16);
        await UpsertAsync(disk, 200, 300);
        Assert.Equal(500, disk.Get([.. Enumerable.Range(0, 500).Select(Id)], false, true, 0, new Faults()).Value.Count);
    }

    [Fact]
    public async Task ADamagedVector_IsNoReasonToRefuseWrites()
    {
        await using TestDatabase test = await OpenAsync();
        Collection disk = await test.CreateAsync(Config("disk"));
        Collection memory = await test.CreateAsync(Config("memory") with { VectorPlacement = VectorPlacement.Memory });
        await UpsertAsync(disk, 0, 300);
        await test.CheckpointAsync();
        VectorsOnDiskTests.Damage(_folder, Points(3, 1)[0].Vector.Span);
        for (int i = 0; i < 12; i++)
        {
            // So much that the page store is to be written anew.
            await UpsertAsync(memory, 0, 300, seed: i);
            await test.CheckpointAsync();
        }

        Assert.Null(test.Database.Fault);
        Assert.Equal(EngineStatus.DataLoss, disk.Get([Id(3)], false, true, 0, new Faults()).Error!.Status);
        Assert.Equal(299, disk.Get([.. Enumerable.Range(0, 300).Where(i => i != 3).Select(Id)], false, true, 0, new Faults()).Value.Count);
        Assert.Equal(300, memory.PointCount);
    }

    [Fact]
    public async Task ASweep_PutsAsideNoFasterThanACheckpointWrites()
    {
        await using TestDatabase test = await OpenAsync();
        Collection disk = await test.CreateAsync(Config("disk") with { Dimension = 4096 });
        const int Points = 4000;
        for (int i = 0; i < Points; i += 500)
        {
            await UpsertAsync(disk, i, 500, dimension: 4096);
        }

        await test.CheckpointAsync();
        CollectionData data = disk.Data;
        lock (data.CommitLock)
        {
            data.Pages.BeginRound(everything: true);
        }

        Assert.Null((await disk.DeleteAsync([.. Enumerable.Range(0, Points).Select(Id)], new Faults(), Cancellation)).Error);
        long pages = 0;
        long most = 0;
        while (test.ReleasedSlots < Points)
        {
            var batch = new PageBatch();
            lock (data.CommitLock)
            {
                most = Math.Max(most, data.Pages.AsideBytes);
                data.Pages.Take(ref batch);
            }

            Assert.InRange(batch.Count, 0, 64);
            pages += batch.Count;
            await Task.Delay(1, Cancellation);
        }

        // 66 MB of vectors are due. What a chunk of slots adds comes on top.
        Assert.InRange(most, 1, (16L << 20) + (1024L * 4096 * sizeof(float)) + (1 << 20));
        Assert.InRange(pages, 3 * 1024, long.MaxValue);
    }

    private Task<TestDatabase> OpenAsync(TimeSpan? diskTimeout = null) => TestDatabase.OpenAsync(new DatabaseOptions
    {
        DataDirectory = _folder.Path,
        VectorMemoryBytes = 1 << 20,
        DiskTimeout = diskTimeout ?? TimeSpan.FromSeconds(60),
    });

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Hang);
        while (!holds())
        {
            await Task.Delay(1, patience.Token);
        }
    }

    private static async Task UpsertAsync(Collection collection, int from, int count, int seed = 0, int dimension = Dimension) =>
        Assert.Null((await collection.UpsertAsync(Points(from, count, seed, dimension), new Faults(), Cancellation)).Error);

    private static Point[] Points(int from, int count, int seed = 0, int dimension = Dimension) =>
        [.. Enumerable.Range(from, count).Select(i => new Point(Id(i), RandomPoints.Vector(new Random((seed * 10_000) + i), dimension), Point.NoAttributes))];

    private static PointId Id(int number) => PointId.FromNumber((ulong)number);

    private static CollectionConfig Config(string name) => new()
    {
        Name = name,
        Dimension = Dimension,
        Metric = Metric.L2,
        Quantization = Quantization.Int8,
        VectorPlacement = VectorPlacement.Disk,
        Hnsw = new HnswConfig { M = 4, EfConstruction = 8 },
    };
}
