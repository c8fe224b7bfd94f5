using System.Net;
using System.Net.Sockets;

namespace AnnServer.Security;

/// <summary>The address that a call comes from, as far as it belongs to one client.</summary>
internal static class RemoteNetwork
{
    // What one site has of IPv6, and can take another address of for every call.
    private const int SiteBytes = 8;

    /// <summary>An address of IPv4 as it is, of IPv6 the network of 64 bits that it is in; the one of nobody where there is none.</summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address ?? IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(SiteBytes).Clear();
        return new IPAddress(bytes);
    }
}
