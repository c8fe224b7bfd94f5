namespace AnnServer.Storage.Tests;

public sealed class StorageOptionsTests
{
    [Fact]
    public void Defaults_AreTheMeasuredSizes()
    {
        var options = new StorageOptions("data");
        Assert.Equal(4 << 20, options.PageBytes);
        Assert.Equal(32 << 20, options.MemoryBytes);
        Assert.Equal(64 << 20, options.SegmentBytes);
        Assert.True(Path.IsPathFullyQualified(options.Directory));
    }

    [Theory]
    [InlineData(5000, 1 << 20, 1 << 20)]
    [InlineData(4096, 100_000, 1 << 20)]
    [InlineData(4096, 1 << 20, 100_000)]
    [InlineData(0, 1 << 20, 1 << 20)]
    [InlineData(-4096, 1 << 20, 1 << 20)]
    [InlineData(2048, 1 << 20, 1 << 20)]
    [InlineData(4096, 8192, 1 << 20)]
    [InlineData(8192, 1 << 20, 4096)]
    [InlineData(1 << 29, 1L << 31, 1L << 31)]
    public void Sizes_ThatDoNotFit_AreRefused(int page, long memory, long segment) =>
        Assert.Throws<ArgumentException>(() => new StorageOptions("data", page, memory, segment));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void Directory_ThatIsEmpty_IsRefused(string directory) =>
        Assert.Throws<ArgumentException>(() => new StorageOptions(directory));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void CommitTimeout_ThatIsNotPositive_IsRefused(int seconds) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new StorageOptions("data") { CommitTimeout = TimeSpan.FromSeconds(seconds) });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(30)]
    public void FlushInterval_ThatIsNotPositiveOrTooLongForATimer_IsRefused(int days) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new StorageOptions("data") { FlushInterval = TimeSpan.FromDays(days) });
}
