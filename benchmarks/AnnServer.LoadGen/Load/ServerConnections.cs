using AnnServer.Protocol.V1;
using Grpc.Net.Client;

namespace AnnServer.LoadGen.Load;

/// <summary>A fixed number of HTTP/2 connections to one server: each channel keeps to exactly one.</summary>
internal sealed class ServerConnections : IDisposable
{
    private readonly GrpcChannel[] _channels;
    private readonly Points.PointsClient[] _points;

    public ServerConnections(Uri address, int count, ServerAccess? access = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _channels = new GrpcChannel[count];
        for (int i = 0; i < count; i++)
            _channels[i] = Open(address, access ?? ServerAccess.Open);
        _points = [.. _channels.Select(channel => new Points.PointsClient(channel))];
        Collections = new Collections.CollectionsClient(_channels[0]);
        Admin = new Admin.AdminClient(_channels[0]);
    }

    public int Count => _channels.Length;

    public Collections.CollectionsClient Collections { get; }

    public Admin.AdminClient Admin { get; }

    public Points.PointsClient Points(int connection) => _points[connection];

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels)
            channel.Dispose();
    }

    private static GrpcChannel Open(Uri address, ServerAccess access) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = access.CreateHandler(),
        DisposeHttpClient = true,
        MaxReceiveMessageSize = null,
        MaxSendMessageSize = null,
    });
}
