using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.Storage.Tests;

public sealed class LogFormatTests : IDisposable
{
    private static readonly Guid Id = new("6f1c9a52-5e0c-4d0e-9a6b-0f2d1c3b4a59");

    private readonly TempFolder _folder = new();
    private readonly StorageLayout _layout;

    public LogFormatTests()
    {
        _layout = new StorageLayout(_folder.Path);
        Directory.CreateDirectory(_layout.LogFolder);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_OfASavedFormat_ReturnsIt()
    {
        var format = new LogFormat(4096, 16384, 3, Id);
        format.Save(_layout);
        Assert.Equal(format, LogFormat.Load(_layout));
        Assert.Equal(
            "41574631" + "01000000" + "0010000000000000" + "0040000000000000" + "0300000000000000" + Convert.ToHexString(Id.ToByteArray()),
            Convert.ToHexString(File.ReadAllBytes(_layout.FormatFile)[..^4]));
    }

    [Fact]
    public void Load_WithAnyByteChanged_IsRefused()
    {
        new LogFormat(4096, 16384, 3, Id).Save(_layout);
        byte[] bytes = File.ReadAllBytes(_layout.FormatFile);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x40;
            File.WriteAllBytes(_layout.FormatFile, bytes);
            Assert.Throws<StorageCorruptionException>(() => LogFormat.Load(_layout));
            bytes[i] ^= 0x40;
        }

        File.WriteAllBytes(_layout.FormatFile, []);
        Assert.Throws<StorageCorruptionException>(() => LogFormat.Load(_layout));
    }

    [Fact]
    public void HighWater_WithAnyByteChanged_IsRefused()
    {
        var known = new HighWater(12, 345);
        known.Save(_layout, Id);
        Assert.Equal(known, HighWater.Load(_layout, Id));
        Assert.Throws<StorageCorruptionException>(() => HighWater.Load(_layout, Guid.Empty));
        byte[] bytes = File.ReadAllBytes(_layout.HighWaterFile);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x40;
            File.WriteAllBytes(_layout.HighWaterFile, bytes);
            Assert.Throws<StorageCorruptionException>(() => HighWater.Load(_layout, Id));
            bytes[i] ^= 0x40;
        }

        File.Delete(_layout.HighWaterFile);
        Assert.Throws<StorageCorruptionException>(() => HighWater.Load(_layout, Id));
    }

    [Theory]
    [InlineData(8192, TestLog.SegmentBytes)]
    [InlineData(TestLog.PageBytes, 2 * TestLog.SegmentBytes)]
    public async Task Open_WithOtherSizes_IsRefusedByName(int pageBytes, long segmentBytes)
    {
        await using (OperationLog log = TestLog.OpenReplayed(_folder.Path, out _))
        {
            TestLog.AppendNext(log);
        }

        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => OperationLog.Open(
            new StorageOptions(_folder.Path, pageBytes, 1 << 20, segmentBytes), NullLogger.Instance));
        Assert.Contains($"{TestLog.PageBytes}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"{segmentBytes}", e.Message, StringComparison.Ordinal);

        await using OperationLog again = TestLog.OpenReplayed(_folder.Path, out List<StoredRecord> records);
        Assert.Single(records);
    }

    [Fact]
    public async Task Open_WithOtherMemory_Works()
    {
        await using (OperationLog log = TestLog.OpenReplayed(_folder.Path, out _))
        {
            TestLog.AppendNext(log);
        }

        var options = new StorageOptions(_folder.Path, TestLog.PageBytes, 1 << 20, TestLog.SegmentBytes);
        await using OperationLog again = OperationLog.Open(options, NullLogger.Instance);
        Assert.Equal(1, again.Replay(new RecordCollector()).Records);
    }
}
