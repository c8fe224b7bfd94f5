namespace AnnServer.Hosting;

/// <summary>The settings as they are now. Those that can change while the server runs do so together; the others are as they were at its start.</summary>
internal sealed class LiveOptions(ServerOptions options)
{
    private volatile ServerOptions _current = options;

    public ServerOptions Current
    {
        get => _current;
        set => _current = value;
    }
}
