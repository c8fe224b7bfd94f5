using AnnServer.Core.Memory;

namespace AnnServer.Core.Tests.Memory;

public sealed unsafe class RowArenaTests
{
    private const long HugePage = 2 << 20;

    [Theory]
    [InlineData(64)]
    [InlineData(192)]
    [InlineData(4)]
    [InlineData(4160)]
    public void EnsureRows_GrowingInSteps_KeepsAddressesAndContentsAndGivesZeroRows(int rowBytes)
    {
        uint maxRows = (uint)((12 << 20) / rowBytes);
        using var arena = new RowArena(rowBytes, maxRows);
        byte* start = arena.Base;
        uint rows = 0;
        foreach (uint next in new[] { 1u, 2u, 100u, maxRows / 7, maxRows / 3, maxRows - 1, maxRows })
        {
            arena.EnsureRows(next);
            Assert.True((nint)start == (nint)arena.Base);
            Assert.True(arena.CommittedBytes >= (long)next * rowBytes);
            for (; rows < next; rows++)
            {
                var row = new Span<byte>(arena.Row(rows), rowBytes);
                Assert.False(row.ContainsAnyExcept((byte)0));
                row.Fill((byte)(1 + (rows % 255)));
            }
        }

        for (uint row = 0; row < maxRows; row++)
        {
            Assert.True(arena.Row(row) == start + ((long)row * rowBytes));
            Assert.False(new Span<byte>(arena.Row(row), rowBytes).ContainsAnyExcept((byte)(1 + (row % 255))));
        }
    }

    [Fact]
    public void EnsureRows_FewerThanBefore_ChangesNothing()
    {
        using var arena = new RowArena(64, 100_000);
        arena.EnsureRows(50_000);
        long committed = arena.CommittedBytes;
        arena.EnsureRows(10);
        arena.EnsureRows(0);
        Assert.Equal(committed, arena.CommittedBytes);
    }

    [Fact]
    public void EnsureRows_SmallCollection_CommitsLittle()
    {
        using var arena = new RowArena(64, int.MaxValue);
        arena.EnsureRows(1);
        Assert.InRange(arena.CommittedBytes, 64, 64 << 10);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(1000u)]
    public void EnsureRows_BeyondTheLimit_Throws(uint maxRows)
    {
        using var arena = new RowArena(64, maxRows);
        arena.EnsureRows(maxRows);
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.EnsureRows(maxRows + 1));
        Assert.InRange(arena.CommittedBytes, 0, HugePage);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-64)]
    public void Constructor_RowsWithoutBytes_Throws(int rowBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RowArena(rowBytes, 1));

    [Fact]
    public void Base_ManyArenas_AreAlignedAndApart()
    {
        var arenas = new List<RowArena>();
        for (int i = 0; i < 100; i++)
        {
            var arena = new RowArena(64, 1 << 20);
            arena.EnsureRows(64);
            new Span<byte>(arena.Base, 64 * 64).Fill((byte)i);
            arenas.Add(arena);
        }

        for (int i = 0; i < arenas.Count; i++)
        {
            Assert.Equal(0, (nint)arenas[i].Base % HugePage);
            Assert.False(new Span<byte>(arenas[i].Base, 64 * 64).ContainsAnyExcept((byte)i));
            arenas[i].Dispose();
        }
    }

    [Fact]
    public void Dispose_Twice_ReleasesOnce()
    {
        var arena = new RowArena(64, 10);
        arena.EnsureRows(10);
        arena.Dispose();

        // A second release would unmap whatever has taken the range meanwhile.
        using var other = new RowArena(64, 10);
        other.EnsureRows(10);
        *other.Row(3) = 7;
        arena.Dispose();
        Assert.Equal(7, *other.Row(3));
    }
}
