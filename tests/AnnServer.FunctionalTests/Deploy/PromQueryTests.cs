namespace AnnServer.FunctionalTests.Deploy;

public sealed class PromQueryTests
{
    [Theory]
    [InlineData("up", "up", "")]
    [InlineData("a_total - b:c", "a_total b:c", "")]
    [InlineData("rate(a_total{x=\"y\", z!~\"b|c\"}[5m]) > 1e3", "a_total", "x z")]
    [InlineData("histogram_quantile(0.99, sum by (x, le) (rate(a_bucket{y=~\"$v}\"}[$__rate_interval])))", "a_bucket", "y x le")]
    [InlineData("sum by(x)(a) / on (x) group_left (z) b and c offset 5m or d", "a b c d", "x z")]
    [InlineData("0.5 * max(a) + 2", "a", "")]
    public void Parse_Query_FindsMetricsAndLabels(string query, string metrics, string labels)
    {
        PromQuery parsed = PromQuery.Parse(query);

        Assert.Equal(metrics, string.Join(' ', parsed.Metrics));
        Assert.Equal(labels, string.Join(' ', parsed.Labels));
    }
}
