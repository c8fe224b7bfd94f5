using System.Net;
using AnnServer.Security;

namespace AnnServer.FunctionalTests.Security;

public sealed class RemoteNetworkTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::")]
    [InlineData(null, "255.255.255.255")]
    public void Of_Address_IsWhatOneClientHas(string? address, string network) =>
        Assert.Equal(IPAddress.Parse(network), RemoteNetwork.Of(address is null ? null : IPAddress.Parse(address)));
}
