using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace AnnServer.Benchmarks.Compare.Reports;

/// <summary>Draws one quantity against recall, a curve for each contender, as SVG.</summary>
internal sealed class RecallPlot(string suffix, string title, LegendPosition legend, Func<ComparisonRow, double> value)
{
    // Colours that people with any colour vision can tell apart (Okabe and Ito's, and grey).
    private static readonly string[] Colours =
        ["#000000", "#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#0072B2", "#999999", "#F0E442"];

    private static readonly MarkerType[] Markers =
        [MarkerType.Circle, MarkerType.Square, MarkerType.Diamond, MarkerType.Triangle];

    // The curves are only read near the recalls that people ask for.
    private const double LeastRecall = 0.8;

    // The legend lies in the corner that the curves do not reach.
    public static IReadOnlyList<RecallPlot> All { get; } =
    [
        new("qps", "Queries a second", LegendPosition.LeftBottom, row => row.Qps),
        new("cpu", "CPU µs/query", LegendPosition.LeftTop, row => row.CpuUsPerQuery),
    ];

    public string Title => title;

    public string FileOf(DataSetResult result) => $"recall-{suffix}-{result.DataSet.Name}.svg";

    public string Svg(DataSetResult result)
    {
        PlotModel model = new() { Title = $"{result.DataSet.Name}: {title} by recall", Background = OxyColors.White, DefaultFont = "Arial" };
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
        model.Legends.Add(new Legend { LegendPosition = legend, LegendBackground = OxyColors.White });
        for (int i = 0; i < result.Contenders.Count; i++)
            model.Series.Add(Curve(result, result.Contenders[i].Contender, i));
        // Not every viewer of SVG aligns text by its middle.
        SvgExporter exporter = new()
        {
            Width = 900,
            Height = 520,
            TextMeasurer = new PixelMeasurer(),
            UseVerticalTextAlignmentWorkaround = true,
        };
        return exporter.ExportToString(model);
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

    /// <summary>Text as wide as it is drawn: the measurer at hand takes a size for points, SVG takes it for pixels.</summary>
    private sealed class PixelMeasurer() : PdfRenderContext(0, 0, OxyColors.Undefined)
    {
        private const double PixelsPerPoint = 96.0 / 72;

        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight) =>
            base.MeasureText(text, fontFamily, fontSize * PixelsPerPoint, fontWeight);
    }
}
