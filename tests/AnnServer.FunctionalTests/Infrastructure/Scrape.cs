using System.Globalization;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>What /metrics says. Only for tests that are <see cref="OneServerAtATime"/>.</summary>
internal static class Scrape
{
    /// <summary>The series of a metric with a label, as in <c>ann_reason="calls"</c>; null where there is none.</summary>
    public static async Task<double?> ValueAsync(ServerFixture server, string metric, string label, CancellationToken cancellation)
    {
        string? line = Array.Find(
            (await TextAsync(server, cancellation)).Split('\n'),
            line => line.StartsWith($"{metric}{{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
        return line is null ? null : double.Parse(line[(line.LastIndexOf('}') + 2)..].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    public static async Task<string> TextAsync(ServerFixture server, CancellationToken cancellation, string? accept = null)
    {
        using HttpClient http = new() { BaseAddress = server.HttpAddress };
        if (accept is not null)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);
        }

        return await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation);
    }
}
