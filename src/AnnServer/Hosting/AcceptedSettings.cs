namespace AnnServer.Hosting;

/// <summary>
/// What the parts of the host see as the configuration, levels of the log among it: what was last found to be without a fault, whatever the
/// files say by now.
/// </summary>
internal sealed class AcceptedSettings : ConfigurationProvider, IConfigurationSource
{
    public AcceptedSettings(IConfiguration settings)
    {
        Settings = settings;
        Data = Values(settings);
    }

    /// <summary>As they were read.</summary>
    public IConfiguration Settings { get; private set; }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <exception cref="SettingsException">A part of the host cannot use them; those of before hold.</exception>
    public void Accept(IConfiguration settings)
    {
        IConfiguration before = Settings;
        try
        {
            Set(settings);
        }
        catch (Exception e)
        {
            // Whatever it is that they told to those who follow them.
            Set(before);
            throw new SettingsException([e.GetBaseException().Message]);
        }
    }

    private void Set(IConfiguration settings)
    {
        Settings = settings;
        Data = Values(settings);
        OnReload();
    }

    private static Dictionary<string, string?> Values(IConfiguration settings) =>
        settings.AsEnumerable().Where(static setting => setting.Value is not null).ToDictionary(StringComparer.OrdinalIgnoreCase);
}
