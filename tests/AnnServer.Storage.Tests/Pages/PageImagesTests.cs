using AnnServer.Storage.Pages;

namespace AnnServer.Storage.Tests.Pages;

public sealed class PageImagesTests : IDisposable
{
    private const uint Collection = 7;
    private const byte Kind = 1;
    private const int Bytes = 300;

    private readonly TempFolder _folder = new();
    private readonly Random _random = new(1);
    private readonly Dictionary<uint, byte[]> _images = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnAddressReadsWhatWasWrittenThere_AlsoAfterARestart()
    {
        Dictionary<uint, long> written;
        await using (TestPages pages = TestPages.Open(_folder.Path))
        {
            pages.BeginAfterNewest();
            Write(pages, Enumerable.Range(0, 200));
            await pages.CommitAsync(1);
            written = Write(pages, Enumerable.Range(50, 100));
            await pages.CommitAsync(2);
            AssertReads(pages, written);
        }

        await using TestPages reopened = TestPages.Open(_folder.Path);
        var loaded = new Addresses();
        reopened.Store.Load(reopened.Store.Checkpoints[0], [loaded], TestPages.Collections);
        Assert.All(written, page => Assert.Equal(page.Value, loaded.Of[page.Key]));
        AssertReads(reopened, loaded.Of);
    }

    [Fact]
    public async Task ZeroReadsAsZeros()
    {
        await using TestPages pages = TestPages.Open(_folder.Path);
        byte[] images = [.. Enumerable.Repeat((byte)9, 2 * Bytes)];

        Assert.True(pages.Store.Images.TryRead(Collection, Kind, [3, 4], [0, 0], images));

        Assert.All(images, value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task AnAddressThatIsOutOfDateIsGoneOnceItsFileIs()
    {
        await using TestPages pages = TestPages.Open(_folder.Path);
        pages.BeginAfterNewest();
        Dictionary<uint, long> first = Write(pages, Enumerable.Range(0, 200));
        await pages.CommitAsync(1);
        Dictionary<uint, byte[]> before = new(_images);
        Dictionary<uint, long> second = Write(pages, Enumerable.Range(0, 200));
        await pages.CommitAsync(2, replacesAll: true);
        // The checkpoint before is kept, and what it names with it.
        AssertReads(pages, first, before);
        Dictionary<uint, long> third = Write(pages, Enumerable.Range(0, 200));
        await pages.CommitAsync(3, replacesAll: true);

        byte[] image = new byte[Bytes];
        Assert.False(pages.Store.Images.TryRead(Collection, Kind, [0], [first[0]], image));
        Assert.False(pages.Store.Images.TryRead(Collection, Kind, [0, 1], [third[0], first[1]], new byte[2 * Bytes]));
        AssertReads(pages, third);
        Assert.NotEqual(second[0], third[0]);
    }

    [Fact]
    public async Task NothingElseIsEverTakenForAnImage()
    {
        await using TestPages pages = TestPages.Open(_folder.Path);
        pages.BeginAfterNewest();
        Dictionary<uint, long> addresses = Write(pages, Enumerable.Range(0, 200));
        await pages.CommitAsync(1);
        byte[] image = new byte[Bytes];

        // The image of another page, another length, and the middle of one.
        Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection, Kind, [1], [addresses[0]], image));
        Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection, Kind + 1, [0], [addresses[0]], image));
        Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection + 1, Kind, [0], [addresses[0]], image));
        Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection, Kind, [0], [addresses[0]], new byte[Bytes - 8]));
        Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection, Kind, [0], [addresses[0] + 8], image));
    }

    [Fact]
    public async Task EveryFlippedBitIsFound()
    {
        await using TestPages pages = TestPages.Open(_folder.Path);
        pages.BeginAfterNewest();
        Dictionary<uint, long> addresses = Write(pages, Enumerable.Range(0, 200));
        await pages.CommitAsync(1);
        string file = new StorageLayout(_folder.Path).PageSegment(0);
        byte[] image = new byte[Bytes];
        long record = addresses[5];
        // All but FASTER's own header, which does not say what the image is.
        for (int at = sizeof(long); at < sizeof(long) + sizeof(long) + sizeof(int) + PageEnvelope.OverheadBytes + Bytes; at++)
        {
            Flip(file, record + at);
            Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection, Kind, [5], [record], image));
            Flip(file, record + at);
        }

        AssertReads(pages, addresses);
    }

    [Fact]
    public async Task AFileThatIsMissingOrCutShortIsDamage()
    {
        await using TestPages pages = TestPages.Open(_folder.Path);
        pages.BeginAfterNewest();
        Dictionary<uint, long> addresses = Write(pages, Enumerable.Range(0, 200));
        await pages.CommitAsync(1);
        var layout = new StorageLayout(_folder.Path);
        File.Delete(layout.PageSegment(0));
        using (var second = new FileStream(layout.PageSegment(1), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            second.SetLength(100);
        }

        Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection, Kind, [0], [addresses[0]], new byte[Bytes]));
        KeyValuePair<uint, long> cut = addresses.First(page => page.Value > TestLog.SegmentBytes + 100);
        Assert.Throws<StorageCorruptionException>(() => pages.Store.Images.TryRead(Collection, Kind, [cut.Key], [cut.Value], new byte[Bytes]));
    }

    [Fact]
    public async Task AFileThatIsMissingAfterARestartIsDamage()
    {
        Dictionary<uint, long> addresses;
        await using (TestPages pages = TestPages.Open(_folder.Path))
        {
            pages.BeginAfterNewest();
            addresses = Write(pages, Enumerable.Range(0, 5));
            await pages.CommitAsync(1);
        }

        await using TestPages reopened = TestPages.Open(_folder.Path);
        reopened.BeginAfterNewest();
        File.Delete(new StorageLayout(_folder.Path).PageSegment(0));

        Assert.Throws<StorageCorruptionException>(() => reopened.Store.Images.TryRead(Collection, Kind, [0], [addresses[0]], new byte[Bytes]));
    }

    private Dictionary<uint, long> Write(TestPages pages, IEnumerable<int> ordinals)
    {
        var addresses = new Dictionary<uint, long>();
        foreach (uint ordinal in ordinals)
        {
            byte[] image = new byte[Bytes];
            _random.NextBytes(image);
            _images[ordinal] = image;
            addresses.Add(ordinal, pages.Store.Write(new PageKey(Collection, Kind, ordinal), 1, image));
        }

        return addresses;
    }

    private void AssertReads(TestPages pages, Dictionary<uint, long> addresses, Dictionary<uint, byte[]>? expected = null)
    {
        foreach (KeyValuePair<uint, long>[] some in addresses.Chunk(17))
        {
            byte[] images = new byte[some.Length * Bytes];
            Assert.True(pages.Store.Images.TryRead(
                Collection, Kind, some.Select(page => page.Key).ToArray(), some.Select(page => page.Value).ToArray(), images));
            Assert.Equal(some.SelectMany(page => (expected ?? _images)[page.Key]), images);
        }
    }

    private static void Flip(string file, long at)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = at;
        int value = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(value ^ 16));
    }

    private sealed class Addresses : IPageHandler
    {
        public Dictionary<uint, long> Of { get; } = [];

        public void OnPage(in Page page) => Of.TryAdd(page.Key.Ordinal, page.Address);
    }
}
