using AnnServer.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.Hosting;

/// <summary><c>AnnServer restore --from BACKUP --to DIRECTORY</c>: makes a data directory of a backup, with no server running on it.</summary>
internal static class RestoreCommand
{
    public const string Name = "restore";

    /// <returns>What has been done, in a sentence.</returns>
    /// <exception cref="SettingsException">An argument is missing or unknown.</exception>
    public static string Run(string[] args)
    {
        string? from = null;
        string? to = null;
        List<string> faults = [];
        for (int i = 1; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--from":
                    from = value;
                    break;
                case "--to":
                    to = value;
                    break;
                default:
                    faults.Add($"{args[i]} is unknown; allowed: --from BACKUP --to DIRECTORY.");
                    break;
            }
        }

        if (string.IsNullOrWhiteSpace(from))
        {
            faults.Add("--from is missing: the folder of a backup.");
        }

        if (string.IsNullOrWhiteSpace(to))
        {
            faults.Add("--to is missing: the data directory to make, empty or absent.");
        }

        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }

        ulong sequence = Database.Restore(from!, to!, NullLoggerFactory.Instance);
        return $"Restored '{from}' to '{to}': every write up to sequence {sequence}.";
    }
}
