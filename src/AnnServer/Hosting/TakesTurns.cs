namespace AnnServer.Hosting;

/// <summary>Of a method: its calls wait for <see cref="Turns"/>.</summary>
internal sealed class TakesTurns
{
    public static TakesTurns Instance { get; } = new();
}
