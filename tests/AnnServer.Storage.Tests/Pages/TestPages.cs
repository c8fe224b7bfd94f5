using AnnServer.Storage.Pages;

namespace AnnServer.Storage.Tests.Pages;

/// <summary>A small page store beside a log, and what it must hold.</summary>
internal sealed class TestPages : IAsyncDisposable
{
    public static readonly IReadOnlySet<uint> Collections = new HashSet<uint> { 1, 7, PageKey.MaxCollection };

    private readonly string _folder;
    private readonly OperationLog _log;

    private TestPages(string folder, OperationLog log, PageStore store)
    {
        _folder = folder;
        _log = log;
        Store = store;
    }

    public PageStore Store { get; }

    public Dictionary<PageKey, byte[]> Model { get; private set; } = [];

    public static TestPages Open(string folder, int pageBytes = TestLog.PageBytes)
    {
        OperationLog log = TestLog.OpenReplayed(folder, out _);
        return new TestPages(folder, log, PageStore.Open(
            new StorageOptions(folder, pageBytes, 4L * pageBytes, 4L * pageBytes), log));
    }

    /// <summary>Another look at the folder.</summary>
    public PageStore Reopen() => PageStore.Open(new StorageOptions(_folder, TestLog.PageBytes, 4L * TestLog.PageBytes, 4L * TestLog.PageBytes), _log);

    public static Dictionary<PageKey, byte[]> Load(PageStore store, Checkpoint checkpoint, IReadOnlySet<uint>? collections = null)
    {
        var collector = new Collector();
        store.Load(checkpoint, [collector], collections ?? Collections);
        return collector.Pages;
    }

    /// <summary>Loads the newest checkpoint, makes it the model and goes on after it.</summary>
    public void BeginAfterNewest()
    {
        Checkpoint? newest = Store.Checkpoints.Count == 0 ? null : Store.Checkpoints[0];
        Model = newest is null ? [] : Load(Store, newest);
        Store.Begin(newest, 1000);
    }

    public void Write(PageKey key, ulong lsn, byte[] image)
    {
        Store.Write(key, lsn, image);
        Model[key] = image;
    }

    /// <summary>Writes pages of a few collections, new ones and old ones, with images of many sizes.</summary>
    public void WriteSome(Random random, int count, ulong lsn)
    {
        foreach (uint collection in Collections)
        {
            for (int i = 0; i < count; i++)
            {
                byte[] image = new byte[random.Next(700)];
                random.NextBytes(image);
                Write(new PageKey(collection, (byte)random.Next(4), (uint)random.Next(50)), lsn, image);
            }
        }
    }

    public Task<Checkpoint> CommitAsync(ulong lsn = 0, bool replacesAll = false) =>
        Store.CommitAsync(OperationLog.FirstPosition, BitConverter.GetBytes(lsn), replacesAll);

    public static void AssertSame(Dictionary<PageKey, byte[]> expected, Dictionary<PageKey, byte[]> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((PageKey key, byte[] image) in expected)
        {
            Assert.Equal(image, actual[key]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Store.Dispose();
        await _log.DisposeAsync();
    }

    private sealed class Collector : IPageHandler
    {
        public Dictionary<PageKey, byte[]> Pages { get; } = [];

        public void OnPage(in Page page) => Pages.TryAdd(page.Key, page.Image.ToArray());
    }
}
