namespace AnnServer.Hosting;

/// <summary><c>AnnServer help</c>: what there is to ask for; and that a word which is no command starts no server.</summary>
internal static class HelpCommand
{
    public const string Name = "help";

    public const string Text = """
        AnnServer [--Ann:KEY=VALUE ...]                       serves, with its store in Ann:DataDirectory
        AnnServer settings [--Ann:KEY=VALUE ...]              prints what a server would start with, or all that is wrong
        AnnServer healthcheck [--Ann:KEY=VALUE ...]           asks the server with these settings whether it is ready
        AnnServer key create --name NAME --role ROLE ...      makes an API key
        AnnServer restore --from BACKUP --to DIRECTORY        makes a data directory of a backup

        Settings may also be in appsettings.json, in a file (Ann:SettingsPath) and in the environment (Ann__KEY); README.md lists them.
        """;

    public static bool IsAsked(string[] args) => args is [Name or "--help" or "-h" or "-?", ..];

    /// <exception cref="SettingsException">What comes first is neither a setting nor a command.</exception>
    public static void CheckNoCommand(string[] args)
    {
        if (args is [{ Length: > 0 } first, ..] && !first.StartsWith('-') && !first.StartsWith('/') && !first.Contains('=', StringComparison.Ordinal))
        {
            throw new SettingsException([$"{first} is unknown; AnnServer {Name} lists the commands, settings begin with --Ann:."]);
        }
    }
}
