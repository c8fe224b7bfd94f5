namespace AnnServer.Hosting;

/// <summary>Files whose content matters while the server runs.</summary>
internal interface IReloaded
{
    /// <summary>Reads them again if they have changed. Not for two threads at once.</summary>
    void Look(ILogger logger);
}
