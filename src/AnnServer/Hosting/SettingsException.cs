namespace AnnServer.Hosting;

/// <summary>The settings are wrong; the message lists every fault.</summary>
internal sealed class SettingsException(IReadOnlyList<string> faults)
    : Exception($"AnnServer cannot start, {faults.Count} setting(s) are wrong:{Environment.NewLine}  {string.Join($"{Environment.NewLine}  ", faults)}")
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
