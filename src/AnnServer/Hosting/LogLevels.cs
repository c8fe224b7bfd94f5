namespace AnnServer.Hosting;

/// <summary>Levels of the log by category, as in <c>Logging:LogLevel:Default</c>, and those of one provider.</summary>
internal static class LogLevels
{
    private const string Section = "Logging";
    private const string Levels = ":LogLevel:";

    public static IReadOnlyDictionary<string, string> Of(IConfiguration configuration) => configuration.GetSection(Section).AsEnumerable()
        .Where(static setting => setting.Key.Contains(Levels, StringComparison.OrdinalIgnoreCase) && !string.IsNullOrEmpty(setting.Value))
        .ToDictionary(static setting => setting.Key, static setting => setting.Value!, StringComparer.OrdinalIgnoreCase);

    public static void Check(IConfiguration configuration, List<string> faults)
    {
        foreach ((string key, string level) in Of(configuration))
        {
            if (!Enum.TryParse(level, ignoreCase: true, out LogLevel parsed) || !Enum.IsDefined(parsed))
            {
                faults.Add($"{key} is \"{level}\"; allowed: {string.Join(", ", Enum.GetNames<LogLevel>())}.");
            }
        }
    }
}
