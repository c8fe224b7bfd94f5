using System.Runtime.InteropServices;

namespace AnnServer.Benchmarks.Compare.Reports;

/// <summary>What a comparison ran on, as Linux describes it.</summary>
internal static class Machine
{
    public static string Describe()
    {
        string model = Field("/proc/cpuinfo", "model name"), memory = Field("/proc/meminfo", "MemTotal");
        double gibibytes = double.Parse(memory.Split(' ')[0]) / (1 << 20);
        return $"{model}, {Environment.ProcessorCount} cores, {gibibytes:F0} GiB, {RuntimeInformation.OSDescription}";
    }

    /// <summary>The load average over 1, 5 and 15 minutes.</summary>
    public static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    private static string Field(string path, string name)
    {
        string? line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? $"{name} unknown" : line[(line.IndexOf(':') + 1)..].Trim();
    }
}
