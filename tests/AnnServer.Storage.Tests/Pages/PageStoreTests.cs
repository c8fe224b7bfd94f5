using AnnServer.Storage.Pages;

namespace AnnServer.Storage.Tests.Pages;

public sealed class PageStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ACheckpointHoldsTheNewestImageOfEveryPage()
    {
        var random = new Random(1);
        Dictionary<PageKey, byte[]> expected;
        await using (TestPages pages = TestPages.Open(_folder.Path))
        {
            pages.BeginAfterNewest();
            for (ulong round = 1; round <= 6; round++)
            {
                pages.WriteSome(random, 100, round);
                Checkpoint checkpoint = await pages.CommitAsync(round);
                Assert.Equal((long)round, checkpoint.Number);
                TestPages.AssertSame(pages.Model, TestPages.Load(pages.Store, checkpoint));
            }

            expected = pages.Model;
        }

        await using TestPages reopened = TestPages.Open(_folder.Path);
        Assert.Equal([6, 5], reopened.Store.Checkpoints.Select(checkpoint => checkpoint.Number));
        Assert.Equal(6UL, BitConverter.ToUInt64(reopened.Store.Checkpoints[0].Catalog.Span));
        reopened.BeginAfterNewest();
        TestPages.AssertSame(expected, reopened.Model);
    }

    [Fact]
    public async Task RoundsAfterARestartBuildOnThoseBefore()
    {
        var random = new Random(2);
        Dictionary<PageKey, byte[]> expected = [];
        for (ulong round = 1; round <= 12; round++)
        {
            await using TestPages pages = TestPages.Open(_folder.Path);
            pages.BeginAfterNewest();
            TestPages.AssertSame(expected, pages.Model);
            pages.WriteSome(random, 60, round);
            await pages.CommitAsync(round);
            // Written and not committed: gone with the process.
            expected = new Dictionary<PageKey, byte[]>(pages.Model);
            pages.WriteSome(random, 40, round);
        }
    }

    [Theory]
    [InlineData(TestLog.PageBytes)]
    [InlineData(1 << 20)]
    public async Task ACheckpointOutlivesWritersThatNeverCommit(int pageBytes)
    {
        var random = new Random(4);
        Dictionary<PageKey, byte[]> committed;
        await using (TestPages pages = TestPages.Open(_folder.Path, pageBytes))
        {
            pages.BeginAfterNewest();
            pages.WriteSome(random, 60, 1);
            await pages.CommitAsync(1);
            committed = new Dictionary<PageKey, byte[]>(pages.Model);
        }

        for (int start = 0; start < 5; start++)
        {
            await using TestPages pages = TestPages.Open(_folder.Path, pageBytes);
            pages.BeginAfterNewest();
            Assert.Equal(1, pages.Store.Checkpoints[0].Number);
            TestPages.AssertSame(committed, pages.Model);

            // Written to disk right behind the checkpoint, and over what a start before has left there; the manifest never comes.
            pages.WriteSome(random, start % 2 == 0 ? 2 : 200, 2);
            File.Delete(new StorageLayout(_folder.Path).Manifest((await pages.CommitAsync(2)).Number));
        }
    }

    [Fact]
    public async Task ARewriteLetsGoOfWhatLiesBefore()
    {
        var random = new Random(3);
        await using TestPages pages = TestPages.Open(_folder.Path);
        pages.BeginAfterNewest();
        for (ulong round = 1; round <= 8; round++)
        {
            pages.WriteSome(random, 100, round);
            await pages.CommitAsync(round);
        }

        long before = pages.Store.Checkpoints[0].Bytes;
        foreach ((PageKey key, byte[] image) in pages.Model.OrderBy(page => page.Key.Packed).ToList())
        {
            pages.Write(key, 9, image);
        }

        Checkpoint rewritten = await pages.CommitAsync(9, replacesAll: true);
        Assert.InRange(rewritten.Bytes, 1, before / 2);
        TestPages.AssertSame(pages.Model, TestPages.Load(pages.Store, rewritten));

        // The checkpoint before still stands, and goes with the next.
        TestPages.AssertSame(pages.Model, TestPages.Load(pages.Store, pages.Store.Checkpoints[1]));
        await pages.CommitAsync(10);
        // FASTER deletes segments behind the caller's back.
        var folder = new DirectoryInfo(Path.Combine(_folder.Path, "pages"));
        using var patience = new CancellationTokenSource(TestLog.Patience);
        while (folder.GetFiles("pages.*").Length > (rewritten.Bytes / TestLog.SegmentBytes) + 2)
        {
            await Task.Delay(10, patience.Token);
        }

        TestPages.AssertSame(pages.Model, TestPages.Load(pages.Store, pages.Store.Checkpoints[0]));
    }
}
