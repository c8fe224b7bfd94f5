using YamlDotNet.RepresentationModel;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>Short forms of reading YAML.</summary>
internal static class Yaml
{
    /// <summary>The documents of a file of the repository.</summary>
    public static IReadOnlyList<YamlNode> Load(string path)
    {
        YamlStream stream = [];
        using StringReader reader = new(Checkout.Text(path));
        stream.Load(reader);
        return [.. stream.Documents.Select(document => document.RootNode)];
    }

    public static string Text(this YamlNode node) =>
        (node as YamlScalarNode)?.Value ?? throw new InvalidDataException($"{node} is no text.");

    public static IEnumerable<YamlNode> Items(this YamlNode node) => (YamlSequenceNode)node;

    public static IEnumerable<string> Keys(this YamlNode node) => ((YamlMappingNode)node).Children.Keys.Select(Text);

    public static bool Has(this YamlNode node, string key) => node is YamlMappingNode mapping && mapping.Children.ContainsKey(new YamlScalarNode(key));
}
