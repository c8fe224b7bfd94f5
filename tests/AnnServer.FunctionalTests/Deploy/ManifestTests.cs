using System.Text.Json;
using System.Text.RegularExpressions;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;
using Microsoft.Extensions.Configuration;
using YamlDotNet.RepresentationModel;

namespace AnnServer.FunctionalTests.Deploy;

/// <summary>The files in deploy/ agree with the server, with the Dockerfile and with each other.</summary>
public sealed partial class ManifestTests
{
    private const string Kubernetes = "deploy/kubernetes";
    private const string UserId = "1654";

    // What a stop may take: calls in flight, a restore under way and the last checkpoint, each for as long.
    private static readonly TimeSpan LongestStop = 3 * new ServerOptions().ShutdownTimeout;

    public static TheoryData<string> YamlFiles =>
        [.. Files("*.yaml").Where(file => !file.StartsWith(Kubernetes, StringComparison.Ordinal))];

    public static TheoryData<string> Manifests => [.. ManifestFiles];

    private static IEnumerable<string> ManifestFiles =>
        Files("*.yaml").Where(file => file.StartsWith(Kubernetes, StringComparison.Ordinal) && Path.GetFileName(file) != "kustomization.yaml");

    [Theory]
    [MemberData(nameof(YamlFiles))]
    public void File_OfAnyKind_IsOneMapping(string file)
    {
        Assert.NotEmpty(Assert.Single(Yaml.Load(file)).Keys());
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Manifest_EachDocument_IsAnObjectOfKubernetes(string file)
    {
        Assert.All(Yaml.Load(file), document =>
        {
            Assert.NotEmpty(document["apiVersion"].Text());
            Assert.NotEmpty(document["kind"].Text());
            Assert.StartsWith("annserver", document["metadata"]["name"].Text(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Kustomization_Resources_AreAllManifests()
    {
        IEnumerable<string> named = Yaml.Load($"{Kubernetes}/kustomization.yaml").Single()["resources"].Items().Select(Yaml.Text);

        Assert.Equal(ManifestFiles.Select(Path.GetFileName).Order(), named.Order());
    }

    [Fact]
    public void Selectors_OfEveryManifest_SelectThePodsOfTheStatefulSet()
    {
        string label = Of("StatefulSet")["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"].Text();

        YamlNode[] selectors =
        [
            Of("StatefulSet")["spec"]["selector"]["matchLabels"], Of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
            Of("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], .. All("Service").Select(service => service["spec"]["selector"]),
        ];

        Assert.Equal(5, selectors.Length);
        Assert.All(selectors, selector => Assert.Equal(label, selector["app.kubernetes.io/name"].Text()));
        Assert.Contains(Of("StatefulSet")["spec"]["serviceName"].Text(), All("Service").Select(service => service["metadata"]["name"].Text()));
    }

    [Fact]
    public void StatefulSet_PortsAndProbes_AreThoseOfTheServer()
    {
        ServerOptions defaults = new();
        YamlNode container = Of("StatefulSet")["spec"]["template"]["spec"]["containers"].Items().Single();

        Dictionary<string, string> ports = container["ports"].Items().ToDictionary(port => port["name"].Text(), port => port["containerPort"].Text());
        Assert.Equal(new Dictionary<string, string> { ["grpc"] = $"{defaults.GrpcPort}", ["http"] = $"{defaults.HttpPort}" }, ports);
        foreach ((string probe, string path) in ((string, string)[])[("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")])
        {
            Assert.Equal(path, container[probe]["httpGet"]["path"].Text());
            Assert.Equal("http", container[probe]["httpGet"]["port"].Text());
        }
    }

    [Fact]
    public void StatefulSet_Pod_MayDoNothingThatItNeedNot()
    {
        YamlNode pod = Of("StatefulSet")["spec"]["template"]["spec"];
        YamlNode container = pod["containers"].Items().Single();

        Assert.Equal("true", pod["securityContext"]["runAsNonRoot"].Text());
        Assert.Equal(UserId, pod["securityContext"]["runAsUser"].Text());
        Assert.Equal(UserId, pod["securityContext"]["fsGroup"].Text());
        Assert.Equal("true", container["securityContext"]["readOnlyRootFilesystem"].Text());
        Assert.Equal("false", container["securityContext"]["allowPrivilegeEscalation"].Text());
        Assert.Equal("ALL", container["securityContext"]["capabilities"]["drop"].Items().Single().Text());
        Assert.Equal("false", pod["automountServiceAccountToken"].Text());
        Assert.Equal(Of("ServiceAccount")["metadata"]["name"].Text(), pod["serviceAccountName"].Text());
        Assert.Equal(container["resources"]["requests"]["memory"].Text(), container["resources"]["limits"]["memory"].Text());
        // Each volume that is mounted is there.
        Assert.Equal(
            container["volumeMounts"].Items().Select(mount => mount["name"].Text()).Order(),
            pod["volumes"].Items().Select(volume => volume["name"].Text())
                .Concat(Of("StatefulSet")["spec"]["volumeClaimTemplates"].Items().Select(claim => claim["metadata"]["name"].Text())).Order());
    }

    [Fact]
    public void Compose_Server_IsConfinedAndCheckedAsTheImageIs()
    {
        YamlNode server = Yaml.Load("deploy/compose.yaml").Single()["services"]["annserver"];
        string check = Checkout.Text("Dockerfile").Split("HEALTHCHECK ")[1].Split('\n')[0];

        Assert.Equal($"{UserId}:{UserId}", server["user"].Text());
        Assert.Equal("true", server["read_only"].Text());
        Assert.Equal(["ALL"], server["cap_drop"].Items().Select(Yaml.Text));
        Assert.NotEmpty(server["mem_limit"].Text());
        Assert.Equal(
            ["CMD", .. JsonSerializer.Deserialize<string[]>(check.Split(" CMD ")[1])!],
            server["healthcheck"]["test"].Items().Select(Yaml.Text));
        Assert.All(server["ports"].Items(), port => Assert.StartsWith("127.0.0.1:", port.Text(), StringComparison.Ordinal));
    }

    [Fact]
    public void Compose_FilesThatItMounts_AreThere()
    {
        YamlNode compose = Yaml.Load("deploy/compose.yaml").Single();
        string[] sources = [.. compose["services"].Keys()
            .SelectMany(service => compose["services"][service]["volumes"].Items().Select(volume => volume.Text().Split(':')[0]))];

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(
            source.StartsWith("./", StringComparison.Ordinal) ? Path.Exists(Path.Combine(Checkout.Root, "deploy", source)) : compose["volumes"].Has(source),
            source));
    }

    [Fact]
    public void Stop_EverywhereWaitsAsLongAsOneMayTake()
    {
        double[] seconds =
        [
            Seconds(Of("StatefulSet")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].Text()),
            Seconds(Yaml.Load("deploy/compose.yaml").Single()["services"]["annserver"]["stop_grace_period"].Text()),
            Seconds(Checkout.Text("deploy/systemd/annserver.service").Split("TimeoutStopSec=")[1].Split('\n')[0]),
        ];

        Assert.All(seconds, patience => Assert.True(patience > LongestStop.TotalSeconds, $"{patience} s, a stop may take {LongestStop}"));
    }

    [Fact]
    public void Settings_NamedAnywhere_AreKnownAndAllowed()
    {
        (string File, string Key, string Value)[] settings = [.. Files("*").Append("Dockerfile").SelectMany(file => SettingIn().Matches(Checkout.Text(file))
            .Select(match => (file, match.Groups["key"].Value.Replace("__", ":", StringComparison.Ordinal), match.Groups["value"].Value)))];

        Assert.InRange(settings.Length, 10, 1000);
        Assert.All(settings, setting =>
        {
            IConfiguration configuration = new ConfigurationBuilder()
                // Who may call is for whoever deploys to say.
                .AddInMemoryCollection(new Dictionary<string, string?> { ["Ann:Auth:AllowAnonymous"] = "true", [setting.Key] = setting.Value }).Build();
            ServerOptionsReader.Read(configuration, out IReadOnlyList<string> unknown);
            Assert.Empty(unknown);
        });
    }

    [Fact]
    public void LiveSettings_OfKubernetes_AreMountedWhereTheServerLooksAndReload()
    {
        YamlNode kustomization = Yaml.Load($"{Kubernetes}/kustomization.yaml").Single();
        YamlNode[] maps = [.. kustomization["configMapGenerator"].Items()];
        string file = maps[1]["files"].Items().Single().Text();
        YamlNode pod = Of("StatefulSet")["spec"]["template"]["spec"];
        YamlNode volume = pod["volumes"].Items().Single(volume => volume.Has("configMap"));
        YamlNode mount = pod["containers"].Items().Single()["volumeMounts"].Items().Single(mount => mount["name"].Text() == volume["name"].Text());
        IConfiguration settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(Checkout.Root, Kubernetes, file)).Build();
        ServerOptions options = ServerOptionsReader.Read(settings, out IReadOnlyList<string> unknown);

        Assert.Contains($"Ann__SettingsPath={mount["mountPath"].Text()}/{file}", maps[0]["literals"].Items().Select(Yaml.Text));
        Assert.Equal(maps[1]["name"].Text(), volume["configMap"]["name"].Text());
        // Under the same name, or a change would restart the server.
        Assert.Equal("true", maps[1]["options"]["disableNameSuffixHash"].Text());
        Assert.Empty(unknown);
        Assert.Equal(options, new ServerOptions().WithReloadable(options));
    }

    private static double Seconds(string text) => double.Parse(text.TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture);

    private static YamlNode Of(string kind) => All(kind).Single();

    private static IEnumerable<YamlNode> All(string kind) => ManifestFiles.SelectMany(Yaml.Load).Where(document => document["kind"].Text() == kind);

    private static IEnumerable<string> Files(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Checkout.Root, "deploy"), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Checkout.Root, file)).Order(StringComparer.Ordinal);

    // NAME=VALUE of a unit, of a literal or of the Dockerfile, or NAME: VALUE; not what a script fills in.
    [GeneratedRegex("""\b(?<key>Ann__\w+)(=|: )(?<value>[^\s\\`,;"'$]+)""")]
    private static partial Regex SettingIn();
}
