using System.Text.Json;
using AnnServer.FunctionalTests.Infrastructure;
using YamlDotNet.RepresentationModel;

namespace AnnServer.FunctionalTests.Deploy;

/// <summary>The queries in deploy/, each with where it is.</summary>
internal static class DashboardFiles
{
    /// <summary>What the rules record, with the query each is made of.</summary>
    public static IReadOnlyDictionary<string, string> Recorded { get; } =
        Rules.Where(rule => rule.Has("record")).ToDictionary(rule => rule["record"].Text(), rule => rule["expr"].Text());

    public static IEnumerable<YamlNode> Rules =>
        Yaml.Load("deploy/prometheus/alerts.yaml").Single()["groups"].Items().SelectMany(group => group["rules"].Items());

    public static IEnumerable<(string Where, string Query)> Queries()
    {
        foreach (YamlNode rule in Rules)
        {
            yield return (rule.Has("alert") ? rule["alert"].Text() : rule["record"].Text(), rule["expr"].Text());
        }

        using JsonDocument dashboard = JsonDocument.Parse(Checkout.Text("deploy/grafana/dashboards/annserver.json"));
        foreach (JsonElement panel in dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)))
        {
            foreach (JsonElement target in panel.GetProperty("targets").EnumerateArray())
            {
                yield return (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);
            }
        }

        foreach (JsonElement variable in dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray())
        {
            if (variable.TryGetProperty("definition", out JsonElement definition))
            {
                // label_values(QUERY, LABEL) asks as sum by (LABEL) (QUERY) does.
                string text = definition.GetString()!;
                int comma = text.LastIndexOf(',');
                yield return (variable.GetProperty("name").GetString()!, $"sum by ({text[(comma + 1)..^1]}) ({text["label_values(".Length..comma]})");
            }
        }
    }
}
