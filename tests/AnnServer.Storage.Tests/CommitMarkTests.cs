namespace AnnServer.Storage.Tests;

public sealed class CommitMarkTests
{
    private static readonly Guid Id = new("6f1c9a52-5e0c-4d0e-9a6b-0f2d1c3b4a59");

    private static readonly CommitMark Mark = new() { Ordinal = 5, LastLsn = 77, PreviousLsn = 70, PreviousTail = 8192 };

    [Fact]
    public void Read_OfAWrittenMark_ReturnsIt()
    {
        Assert.True(CommitMark.TryRead(Mark.ToBytes(Id), Id, out CommitMark read));
        Assert.Equal(Mark, read);
    }

    [Fact]
    public void Read_OfAnotherLogsMark_Fails() => Assert.False(CommitMark.TryRead(Mark.ToBytes(Id), Guid.Empty, out _));

    [Fact]
    public void Read_WithAnyBitFlipped_Fails()
    {
        byte[] bytes = Mark.ToBytes(Id);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(CommitMark.TryRead(bytes, Id, out _));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.False(CommitMark.TryRead(bytes.AsSpan(0, bytes.Length - 1), Id, out _));
    }
}
