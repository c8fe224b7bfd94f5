namespace AnnServer.Hosting;

/// <summary>Among the features of what comes in by the HTTP port, whatever version of HTTP it speaks.</summary>
internal sealed class HttpPortMark
{
    public static HttpPortMark Instance { get; } = new();
}
