using AnnServer.Hosting;

namespace AnnServer.Security;

/// <summary>Looks at the files every <see cref="ServerOptions.ReloadInterval"/>.</summary>
internal sealed class SecurityFilesWatch(SecurityFiles files, ServerOptions options, TimeProvider time, ILogger<SecurityFilesWatch> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.ReloadInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (IReloaded reloaded in files.All)
                {
                    reloaded.Look(logger);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops, and with it the looking.
            return;
        }
    }
}
