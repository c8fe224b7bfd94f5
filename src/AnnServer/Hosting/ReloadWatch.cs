using System.Runtime.InteropServices;
using AnnServer.Security;

namespace AnnServer.Hosting;

/// <summary>Looks at the files of settings, keys and certificates every <see cref="ServerOptions.ReloadInterval"/>, and when told to by SIGHUP.</summary>
internal sealed class ReloadWatch(
    SettingsReload settings, SecurityFiles files, ServerOptions options, TimeProvider time, ILogger<ReloadWatch> logger) : BackgroundService
{
    // Held while files are read and put to use, so that only one thread does.
    private readonly Lock _gate = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // At a terminal the signal says that it is closed, which ends a program.
        using PosixSignalRegistration? hangUp = Console.IsInputRedirected ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangUp) : null;
        using PeriodicTimer timer = new(options.ReloadInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops, and with it the looking.
            return;
        }
    }

    private void OnHangUp(PosixSignalContext signal)
    {
        // It would end the process.
        signal.Cancel = true;
        Look();
    }

    private void Look()
    {
        lock (_gate)
        {
            settings.Look(logger);
            foreach (IReloaded reloaded in files.All)
            {
                reloaded.Look(logger);
            }
        }
    }
}
