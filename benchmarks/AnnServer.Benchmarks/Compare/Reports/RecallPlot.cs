using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace AnnServer.Benchmarks.Compare.Reports;

/// <summary>Draws one quantity against recall, a curve for each contender, as SVG.</summary>
internal sealed class RecallPlot(string suffix, string title, Func<ComparisonRow, double> value)
{
    // Colours that people with any colour vision can tell apart (Okabe and Ito's, and grey).
    private static readonly string[] Colours =
        ["#000000", "#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#0072B2", "#999999", "#F0E442"];

    private static readonly MarkerType[] Markers =
        [MarkerType.Circle, MarkerType.Square, MarkerType.Diamond, MarkerType.Triangle];

    // The curves are only read near the recalls that people ask for.
    private const double LeastRecall = 0.8;

    public static IReadOnlyList<RecallPlot> All { get; } =
    [
        new("qps", "Queries a second", row => row.Qps),
        new("cpu", "CPU µs/query", row => row.CpuUsPerQuery),
    ];

    public string Title => title;

    public string FileOf(DataSetResult result) => $"recall-{suffix}-{result.DataSet.Name}.svg";

    public string Svg(DataSetResult result)
    {
        PlotModel model = new() { Title = $"{result.DataSet.Name}: {title.ToLowerInvariant()} by recall", Background = OxyColors.White };
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Bottom,
            Title = "recall",
            Minimum = LeastRecall,
            Maximum = 1,
            MajorGridlineStyle = LineStyle.Solid,
            MajorGridlineColor = OxyColors.LightGray,
        });
        model.Axes.Add(new LogarithmicAxis
        {
            Position = AxisPosition.Left,
            Title = title,
            MajorGridlineStyle = LineStyle.Solid,
            MajorGridlineColor = OxyColors.LightGray,
            MinorGridlineStyle = LineStyle.Dot,
            MinorGridlineColor = OxyColors.LightGray,
        });
        model.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.RightTop });
        for (int i = 0; i < result.Contenders.Count; i++)
            model.Series.Add(Curve(result, result.Contenders[i].Contender, i));
        return new SvgExporter { Width = 900, Height = 520 }.ExportToString(model);
    }

    private LineSeries Curve(DataSetResult result, string contender, int index)
    {
        OxyColor colour = OxyColor.Parse(Colours[index % Colours.Length]);
        LineSeries series = new()
        {
            Title = contender,
            Color = colour,
            MarkerType = Markers[index % Markers.Length],
            MarkerFill = colour,
            MarkerSize = 3.5,
        };
        foreach (ComparisonRow row in result.Rows.Where(row => row.Contender == contender && row.Recall >= LeastRecall))
            series.Points.Add(new DataPoint(row.Recall, value(row)));
        return series;
    }
}
