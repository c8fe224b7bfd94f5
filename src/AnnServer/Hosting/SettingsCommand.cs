using System.Text;

namespace AnnServer.Hosting;

/// <summary><c>AnnServer settings</c>: what a server with these settings would start with, or all that is wrong with them.</summary>
internal static class SettingsCommand
{
    public const string Name = "settings";

    /// <returns>A line for each setting, as the command line has it, with its default where that is another.</returns>
    /// <exception cref="SettingsException">Lists every setting that is wrong.</exception>
    public static string Run(string[] args)
    {
        IConfiguration settings = SettingsSources.Of(args[1..]).Read();
        ServerOptions options = ServerOptionsReader.Read(settings, out IReadOnlyList<string> unknown);
        IReadOnlyDictionary<string, string> defaults = SettingValues.Of(new ServerOptions());
        StringBuilder lines = new();
        foreach ((string key, string value) in SettingValues.Of(options))
        {
            lines.Append($"{key}={value}");
            lines.AppendLine(value == defaults[key] ? "" : $"  (default: {defaults[key]})");
        }

        foreach ((string key, string level) in LogLevels.Of(settings))
        {
            lines.AppendLine($"{key}={level}");
        }

        foreach (string key in unknown)
        {
            lines.AppendLine($"{key}  (unknown, without effect)");
        }

        return lines.ToString().TrimEnd();
    }
}
