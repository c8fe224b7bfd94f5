using AnnServer.Storage.Pages;
using AnnServer.Testing;

namespace AnnServer.Storage.Tests.Pages;

/// <summary>Bytes of every file of the page store are damaged in every way: what is loaded is what was committed, or nothing.</summary>
public sealed class PageDamageTests : IDisposable
{
    private const int TrialsPerFile = 40;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task DamageIsFoundOrMeansNothing(int seed)
    {
        var random = new Random(seed);
        var models = new Dictionary<long, Dictionary<PageKey, byte[]>>();
        await using TestPages pages = TestPages.Open(_folder.Path);
        pages.BeginAfterNewest();
        for (ulong round = 1; round <= 4; round++)
        {
            pages.WriteSome(random, 80, round);
            models.Add((await pages.CommitAsync(round)).Number, new Dictionary<PageKey, byte[]>(pages.Model));
        }

        int found = 0;
        string[] files = Directory.GetFiles(Path.Combine(_folder.Path, "pages"), "*", SearchOption.AllDirectories);
        Assert.True(files.Length > 5);
        foreach (string file in files)
        {
            byte[] sound = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            for (int trial = 0; trial < TrialsPerFile; trial++)
            {
                Damage.Do(file, sound, random);
                found += Check(pages, models);
                await File.WriteAllBytesAsync(file, sound, TestContext.Current.CancellationToken);
            }
        }

        // Most damage reaches something that counts.
        Assert.InRange(found, files.Length * TrialsPerFile / 3, int.MaxValue);
        Assert.Equal(0, Check(pages, models));
    }

    [Fact]
    public async Task AfterTheNewestIsDamagedTheOneBeforeIsGoneOnFrom()
    {
        var random = new Random(3);
        Dictionary<PageKey, byte[]> before;
        await using (TestPages pages = TestPages.Open(_folder.Path))
        {
            pages.BeginAfterNewest();
            pages.WriteSome(random, 80, 1);
            await pages.CommitAsync(1);
            before = new Dictionary<PageKey, byte[]>(pages.Model);
            pages.WriteSome(random, 80, 2);
            await pages.CommitAsync(2);
        }

        string manifest = new StorageLayout(_folder.Path).Manifest(2);
        byte[] bytes = await File.ReadAllBytesAsync(manifest, TestContext.Current.CancellationToken);
        bytes[40] ^= 1;
        await File.WriteAllBytesAsync(manifest, bytes, TestContext.Current.CancellationToken);

        Dictionary<PageKey, byte[]> after;
        await using (TestPages pages = TestPages.Open(_folder.Path))
        {
            Assert.Single(pages.Store.Damaged);
            pages.BeginAfterNewest();
            TestPages.AssertSame(before, pages.Model);
            pages.WriteSome(random, 80, 3);
            Assert.Equal(3, (await pages.CommitAsync(3)).Number);
            after = pages.Model;
        }

        await using TestPages reopened = TestPages.Open(_folder.Path);
        Assert.Equal([3, 1], reopened.Store.Checkpoints.Select(checkpoint => checkpoint.Number));
        reopened.BeginAfterNewest();
        TestPages.AssertSame(after, reopened.Model);
    }

    [Fact]
    public async Task DamageInOneCollectionLeavesTheOthers()
    {
        await using TestPages pages = TestPages.Open(_folder.Path);
        pages.BeginAfterNewest();
        var random = new Random(4);
        foreach (uint collection in TestPages.Collections)
        {
            for (uint slot = 0; slot < 100; slot++)
            {
                byte[] image = new byte[300];
                random.NextBytes(image);
                pages.Write(new PageKey(collection, 0, slot), 1, image);
            }
        }

        Checkpoint checkpoint = await pages.CommitAsync(1);
        PageExtent hit = Assert.Single(checkpoint.Extents, extent => extent.Collection == 7);
        long at = (hit.From + hit.To) / 2;
        string file = new StorageLayout(_folder.Path).PageSegment(at / TestLog.SegmentBytes);
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[at % TestLog.SegmentBytes] ^= 4;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        Assert.Throws<StorageCorruptionException>(() => TestPages.Load(pages.Store, checkpoint));
        Assert.Equal(new HashSet<uint> { 7 }, pages.Store.FindDamaged(checkpoint));
        var others = new HashSet<uint> { 1, PageKey.MaxCollection };
        TestPages.AssertSame(
            pages.Model.Where(page => others.Contains(page.Key.Collection)).ToDictionary(), TestPages.Load(pages.Store, checkpoint, others));
    }

    // 1 if the damage was found.
    private static int Check(TestPages pages, Dictionary<long, Dictionary<PageKey, byte[]>> models)
    {
        PageStore store = pages.Reopen();
        bool found = store.Damaged.Count > 0 || store.Checkpoints.Count < 2;
        foreach (Checkpoint checkpoint in store.Checkpoints)
        {
            try
            {
                TestPages.AssertSame(models[checkpoint.Number], TestPages.Load(store, checkpoint));
            }
            catch (StorageCorruptionException)
            {
                found = true;
            }
        }

        return found ? 1 : 0;
    }
}
