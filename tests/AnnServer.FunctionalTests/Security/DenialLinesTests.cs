using System.Net;
using AnnServer.Security;
using Microsoft.Extensions.Time.Testing;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Which denied calls get a line: 20 a second, 5 of one address.</summary>
public sealed class DenialLinesTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly List<long> _told = [];
    private readonly DenialLines _lines;

    public DenialLinesTests() => _lines = new DenialLines(static () => 20, _time, _told.Add);

    public void Dispose() => _lines.Dispose();

    [Fact]
    public void OneAddress_GetsAQuarterOfTheLinesEachSecond()
    {
        Assert.Equal(5, Write("192.0.2.1", 1000));
        _time.Advance(Second - TimeSpan.FromTicks(1));
        Assert.Equal(0, Write("192.0.2.1", 1));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(5, Write("192.0.2.1", 6));
    }

    [Fact]
    public void AnotherAddress_IsStillSeen()
    {
        Write("192.0.2.1", 1000);

        Assert.Equal(3, Write("192.0.2.2", 3));
    }

    [Fact]
    public void ManyAddresses_GetAllLinesAndNoMore() =>
        Assert.Equal(20, Enumerable.Range(0, 250).Sum(i => Write($"198.51.100.{i}", 2)));

    [Fact]
    public void ManyAddressesOfOneSite_AreOne() =>
        Assert.Equal(5, Enumerable.Range(1, 250).Sum(i => Write($"2001:db8::{i:x}", 2)));

    [Fact]
    public void LeftOut_IsToldASecondLaterAndWhenItEnds()
    {
        Write("192.0.2.1", 1000);
        Assert.Empty(_told);
        _time.Advance(Second);
        Assert.Equal([995], _told);
        _time.Advance(10 * Second);
        Assert.Equal([995], _told);
        Write("192.0.2.1", 7);
        _time.Advance(Second);
        Assert.Equal([995, 2], _told);
        Write("192.0.2.1", 6);
        _lines.Dispose();
        Assert.Equal([995, 2, 1], _told);
    }

    [Fact]
    public void NothingLeftOut_NothingIsTold()
    {
        Write("192.0.2.1", 5);
        _time.Advance(10 * Second);
        _lines.Dispose();

        Assert.Empty(_told);
    }

    [Fact]
    public void FewLines_AnAddressHasOneAtLeast()
    {
        using DenialLines one = new(static () => 1, _time, _told.Add);

        Assert.True(one.MayWrite(IPAddress.Loopback));
        Assert.False(one.MayWrite(IPAddress.Loopback));
        Assert.False(one.MayWrite(IPAddress.IPv6Loopback));
    }

    private int Write(string address, int calls) => Enumerable.Range(0, calls).Count(_ => _lines.MayWrite(IPAddress.Parse(address)));
}
