using System.Diagnostics.Metrics;

namespace AnnServer.Hosting;

/// <summary>
/// Puts to use what has changed in the files of the settings: all that can change while the server runs, or nothing where anything is wrong.
/// </summary>
internal sealed class SettingsReload : IReloaded
{
    private const string Nothing = "nothing";

    private readonly SettingsSources _sources;
    private readonly AcceptedSettings _accepted;
    private readonly LiveOptions _live;
    private readonly DatabaseHost _database;

    // Told already to mean nothing.
    private IReadOnlyList<string> _unknown;
    private volatile bool _isValid = true;

    public SettingsReload(SettingsSources sources, AcceptedSettings accepted, LiveOptions live, DatabaseHost database, IMeterFactory meters)
    {
        _sources = sources;
        _accepted = accepted;
        _live = live;
        _database = database;
        ServerOptionsReader.Read(accepted.Settings, out _unknown);
        meters.Create(LongWork.MeterName).CreateObservableGauge(
            "ann.settings.valid", () => _isValid ? 1 : 0, description: "0 while the files of the settings say what cannot be used, with which no start would be made.");
    }

    public void Look(ILogger logger)
    {
        if (!_sources.HaveChanged())
        {
            return;
        }

        try
        {
            Use(_sources.Read(), logger);
        }
        catch (Exception e)
        {
            // Whatever is wrong with them, the server goes on with what it has.
            IReadOnlyList<string> faults = e is SettingsException refused ? refused.Faults : [e.Message];
            _isValid = false;
            logger.SettingsNotReloaded(faults.Count, string.Join(' ', faults));
        }
    }

    private void Use(IConfiguration settings, ILogger logger)
    {
        ServerOptions wanted = ServerOptionsReader.Read(settings, out IReadOnlyList<string> unknown);
        ServerOptions before = _live.Current;
        ServerOptions now = before.WithReloadable(wanted);
        string[] used =
            [.. Changes(SettingValues.Of(before), SettingValues.Of(now)), .. Changes(LogLevels.Of(_accepted.Settings), LogLevels.Of(settings))];
        string[] later = [.. Changes(SettingValues.Of(now), SettingValues.Of(wanted)).Select(static change => change.Split('=')[0])];

        _accepted.Accept(settings);
        _live.Current = now;
        _database.UseMemoryLimit();
        foreach (string key in unknown.Except(_unknown))
        {
            logger.UnknownSetting(key);
        }

        (_unknown, _isValid) = (unknown, true);
        logger.SettingsReloaded(Text(used), Text(later));
    }

    private static string Text(string[] changes) => changes.Length == 0 ? Nothing : string.Join(", ", changes);

    /// <summary>What is set otherwise now, as it is now.</summary>
    private static IEnumerable<string> Changes(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> now) =>
        before.Keys.Union(now.Keys)
            .Where(key => before.GetValueOrDefault(key) != now.GetValueOrDefault(key))
            .Select(key => $"{key}={now.GetValueOrDefault(key)}");
}
