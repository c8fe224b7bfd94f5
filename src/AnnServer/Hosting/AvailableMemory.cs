namespace AnnServer.Hosting;

/// <summary>The memory that this process may take before the kernel ends it.</summary>
internal static class AvailableMemory
{
    private const string Groups = "/sys/fs/cgroup";
    private const string OwnGroups = "/proc/self/cgroup";
    private const string MachineFile = "/proc/meminfo";

    /// <summary>As the settings say, or else as the container or the machine does.</summary>
    public static long Limit(ServerOptions options) => options.MemoryLimitBytes > 0
        ? options.MemoryLimitBytes
        : Math.Min(Machine(), OperatingSystem.IsLinux() && File.Exists(OwnGroups) ? OfGroup(File.ReadAllLines(OwnGroups), ReadLimit) : long.MaxValue);

    /// <summary>
    /// The least limit of the group that a process is in and of those around it; <see cref="long.MaxValue"/> where there is none.
    /// </summary>
    /// <param name="groups">Lines of <c>number:controllers:path</c>: of version 2 one without controllers, of version 1 one for memory.</param>
    /// <param name="read">What a file says, or null where there is none.</param>
    internal static long OfGroup(IEnumerable<string> groups, Func<string, string?> read)
    {
        long least = long.MaxValue;
        foreach (string line in groups)
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3 || (parts[1].Length > 0 && !parts[1].Split(',').Contains("memory")))
            {
                continue;
            }

            (string root, string file) = parts[1].Length == 0 ? (Groups, "memory.max") : (Groups + "/memory", "memory.limit_in_bytes");
            // In a container the path may be that of the host, of which only the root is seen.
            for (string path = parts[2].TrimEnd('/'); ; path = path[..path.LastIndexOf('/')])
            {
                if (long.TryParse(read($"{root}{path}/{file}")?.Trim(), out long limit))
                {
                    least = Math.Min(least, limit);
                }

                if (path.Length == 0)
                {
                    break;
                }
            }
        }

        return least;
    }

    // Not what the collector says where that can be helped: in a container it allows itself three quarters.
    private static long Machine()
    {
        string? line = OperatingSystem.IsLinux() ? ReadLimit(MachineFile)?.Split('\n').FirstOrDefault(line => line.StartsWith("MemTotal:", StringComparison.Ordinal)) : null;
        string[] words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 1 && long.TryParse(words[1], out long kibibytes) ? kibibytes * 1024 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    private static string? ReadLimit(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
