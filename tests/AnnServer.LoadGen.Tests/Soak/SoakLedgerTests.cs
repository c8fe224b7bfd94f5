using AnnServer.LoadGen.Soak;

namespace AnnServer.LoadGen.Tests.Soak;

public sealed class SoakLedgerTests
{
    private static readonly PointVersion First = new(1, 1);
    private static readonly PointVersion Second = new(2, 2);

    private readonly SoakLedger _ledger = new();

    [Fact]
    public void Settle_AllAsAcknowledged_NothingIsLost()
    {
        Write(1, First);
        Write(2, First);
        Write(2, null);

        Assert.Equal(0, Lost(new() { [1] = First }));
        Assert.Equal(3, _ledger.Acknowledgements);
    }

    [Fact]
    public void Settle_AcknowledgedPointIsAbsent_IsLost()
    {
        Write(1, First);

        (int lost, IReadOnlyList<string> first) = _ledger.Settle(new Dictionary<ulong, PointVersion>());

        Assert.Equal(1, lost);
        Assert.Equal(["point 1 is absent, acknowledged was vector 1 of write 1"], first);
    }

    [Fact]
    public void Settle_PointIsAnEarlierVersion_IsLost()
    {
        Write(1, First);
        Write(1, Second);

        Assert.Equal(1, Lost(new() { [1] = First }));
    }

    [Fact]
    public void Settle_DeletedPointIsThere_IsLost()
    {
        Write(1, First);
        Write(1, null);

        Assert.Equal(1, Lost(new() { [1] = First }));
    }

    [Fact]
    public void Settle_PointThatNobodySent_IsLost()
    {
        Assert.Equal(1, Lost(new() { [7] = First }));
    }

    [Fact]
    public void Settle_WriteOfUnknownOutcome_MayBeThereOrNot()
    {
        Write(1, First);
        Assert.True(_ledger.TrySend(1, _ => Second, out _));
        Write(2, First);
        Assert.True(_ledger.TrySend(2, _ => Second, out _));
        Write(3, First);
        Assert.True(_ledger.TrySend(3, _ => null, out _));
        Assert.True(_ledger.TrySend(4, _ => First, out _));

        Assert.Equal(0, Lost(new() { [1] = First, [2] = Second }));
    }

    [Fact]
    public void Settle_WriteThatWasRefusedIsThere_IsLost()
    {
        Write(1, First);
        Assert.True(_ledger.TrySend(1, _ => Second, out _));
        _ledger.Refuse([1]);

        Assert.Equal(1, Lost(new() { [1] = Second }));
    }

    [Fact]
    public void Settle_Again_GoesOnFromWhatWasFound()
    {
        Write(1, First);
        Assert.True(_ledger.TrySend(1, _ => Second, out _));
        Assert.Equal(0, Lost(new() { [1] = Second }));

        Assert.Equal(1, Lost(new() { [1] = First }));
    }

    [Fact]
    public void TrySend_PointWithAWriteOnItsWay_IsRefused()
    {
        Assert.True(_ledger.TrySend(1, _ => First, out _));
        Assert.False(_ledger.TrySend(1, _ => Second, out _));
        _ledger.Acknowledge([1]);
        Assert.True(_ledger.TrySend(1, version => version is { } there ? there with { Row = 5 } : null, out PointVersion? sent));
        Assert.Equal(new PointVersion(5, 1), sent);
    }

    private void Write(ulong id, PointVersion? version)
    {
        Assert.True(_ledger.TrySend(id, _ => version, out _));
        _ledger.Acknowledge([id]);
    }

    private int Lost(Dictionary<ulong, PointVersion> actual) => _ledger.Settle(actual).Lost;
}
