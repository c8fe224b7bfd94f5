using System.Text.RegularExpressions;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;
using YamlDotNet.RepresentationModel;

namespace AnnServer.FunctionalTests.Deploy;

/// <summary>What the dashboard and the alerts ask for is what a server reports that has done a bit of everything.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed partial class DashboardTests : IAsyncLifetime
{
    private const string Name = "points";
    private const int Points = 1000;

    // Those that Prometheus adds.
    private static readonly string[] FromPrometheus = ["up", "job", "instance"];

    // Everything that may run long does.
    private readonly ServerFixture _server = new() { Settings = ["--Ann:LongWorkDistances=0"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Queries_OfDashboardAndAlerts_NameOnlyMetricsAndLabelsThatTheServerHas()
    {
        await WorkAsync();
        using HttpClient http = new() { BaseAddress = _server.HttpAddress };
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        List<string> missing;
        do
        {
            // Some are there only when the sweep has been, in the background.
            await Task.Delay(100, CancellationToken.None);
            missing = Missing(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation));
        }
        while (missing.Count > 0 && !patience.IsCancellationRequested);

        Assert.Empty(string.Join('\n', missing));
    }

    [Fact]
    public void Queries_AreMany()
    {
        Assert.InRange(DashboardFiles.Queries().Count(), 50, 500);
        Assert.NotEmpty(DashboardFiles.Recorded);
    }

    [Fact]
    public void Alerts_EachHaveASeverityAndSayWhatToDo()
    {
        YamlNode[] alerts = [.. DashboardFiles.Rules.Where(rule => rule.Has("alert"))];

        Assert.Distinct(alerts.Select(alert => alert["alert"].Text()));
        Assert.All(alerts, alert =>
        {
            Assert.Contains(alert["labels"]["severity"].Text(), (string[])["warning", "critical"]);
            Assert.NotEmpty(alert["annotations"]["summary"].Text());
            Assert.NotEmpty(alert["annotations"]["action"].Text());
        });
    }

    private static List<string> Missing(string scrape)
    {
        HashSet<string> metrics = [.. Samples().Matches(scrape).Select(sample => sample.Groups["name"].Value), .. DashboardFiles.Recorded.Keys, .. FromPrometheus];
        HashSet<string> labels = [.. LabelNames().Matches(scrape).Select(label => label.Groups["name"].Value), .. FromPrometheus];
        List<string> missing = [];
        foreach ((string where, string query) in DashboardFiles.Queries())
        {
            PromQuery parsed = PromQuery.Parse(query);
            missing.AddRange(parsed.Metrics.Count == 0 ? [$"{where}: no metric in {query}"] : []);
            missing.AddRange(parsed.Metrics.Where(name => !metrics.Contains(name)).Select(name => $"{where}: no metric {name}"));
            missing.AddRange(parsed.Labels.Where(name => !labels.Contains(name)).Select(name => $"{where}: no label {name}"));
        }

        return missing;
    }

    private async Task WorkAsync()
    {
        CollectionConfig config = new()
        {
            Name = Name,
            Dimension = 4,
            Metric = Metric.L2,
            Attributes = { new AttributeSchema { Name = "n", Type = AttributeType.Int64 } },
        };
        await _server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        UpsertRequest upsert = new() { Collection = Name };
        upsert.Points.AddRange(Enumerable.Range(0, Points).Select(i => Make.Point((ulong)i, Make.Vector(i, i % 7, i % 11, 1), ("n", Make.Int(i)))));
        await _server.Points.UpsertAsync(upsert, cancellationToken: Cancellation);
        SearchRequest search = new() { Collection = Name, Vector = Make.Vector(3, 3, 3, 1), K = 5, Filter = new Filter { Expression = "n < 900" } };
        await _server.Points.SearchAsync(search, cancellationToken: Cancellation);
        using (var stream = _server.Points.SearchStream(cancellationToken: Cancellation))
        {
            await stream.RequestStream.WriteAsync(search, Cancellation);
            await stream.RequestStream.CompleteAsync();
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
            Assert.False(await stream.ResponseStream.MoveNext(Cancellation));
        }

        await _server.Points.DeleteAsync(new DeleteRequest { Collection = Name, Filter = new Filter { Expression = "n < 600" } }, cancellationToken: Cancellation);
        await _server.Admin.CheckpointAsync(new CheckpointRequest(), cancellationToken: Cancellation);
        await Assert.ThrowsAsync<RpcException>(
            async () => await _server.Points.SearchAsync(new SearchRequest { Collection = "none", K = 1 }, cancellationToken: Cancellation));
        // The size of the heap is that of the last collection, so there has to be one.
        GC.Collect();
    }

    [GeneratedRegex(@"^(?<name>[A-Za-z_:][\w:]*)(\{.*\})? \S+", RegexOptions.Multiline)]
    private static partial Regex Samples();

    [GeneratedRegex("""(?<name>[A-Za-z_]\w*)="[^"]*"(?=[,}])""")]
    private static partial Regex LabelNames();
}
