using System.Net;
using System.Text;
using AnnServer.Benchmarks.Filters.Measuring;

namespace AnnServer.Benchmarks.Filters.Reports;

/// <summary>Draws cells as coloured squares with a number in each, once for the advantage and once for recall, as SVG.</summary>
internal sealed class HeatMap(IReadOnlyList<CellResult> cells)
{
    private const int Side = 92, Height = 30, Margin = 130, Header = 62, Gap = 30;

    // Orange and blue are told apart with any colour vision (Okabe and Ito's).
    private static readonly (double R, double G, double B) White = (255, 255, 255), Orange = (230, 159, 0), Blue = (86, 180, 233);

    // The advantage at which blue is full, and its inverse, at which orange is.
    private const double FullAdvantage = 8;

    // The recall that lacks this much of 1 is orange.
    private const double FullLoss = 0.1;

    private readonly string[] _groups = [.. cells.Select(cell => cell.Group).Distinct()];
    private readonly string[] _bands =
        [.. cells.GroupBy(cell => cell.Band).OrderByDescending(band => band.Max(cell => cell.Selectivity)).Select(band => band.Key)];

    public string Svg(string title)
    {
        int panel = Margin + (_bands.Length * Side), width = (2 * panel) + Gap, height = Header + (_groups.Length * Height) + 10;
        StringBuilder svg = new();
        svg.AppendLine(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" "
            + "font-family=\"Arial, sans-serif\" font-size=\"12\">");
        svg.AppendLine($"<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>");
        AppendPanel(
            svg, 0, $"{title}: CPU of the better baseline over the planner's", cell => AdvantageText(cell.Advantage),
            cell => AdvantageColour(cell.Advantage));
        AppendPanel(svg, panel + Gap, $"{title}: recall", cell => RecallText(cell.Recall), cell => RecallColour(cell.Recall));
        return svg.AppendLine("</svg>").ToString();
    }

    private void AppendPanel(StringBuilder svg, int left, string title, Func<CellResult, string> text, Func<CellResult, string> colour)
    {
        AppendText(svg, left + 8, 20, "start", title, "font-weight=\"bold\" font-size=\"14\"");
        for (int i = 0; i < _bands.Length; i++)
            AppendText(svg, left + Margin + (i * Side) + (Side / 2), Header - 12, "middle", _bands[i]);
        for (int i = 0; i < _groups.Length; i++)
            AppendText(svg, left + Margin - 8, Header + (i * Height) + 20, "end", _groups[i]);
        foreach (CellResult cell in cells)
        {
            int x = left + Margin + (Array.IndexOf(_bands, cell.Band) * Side), y = Header + (Array.IndexOf(_groups, cell.Group) * Height);
            svg.AppendLine($"<rect x=\"{x}\" y=\"{y}\" width=\"{Side}\" height=\"{Height}\" fill=\"{colour(cell)}\" stroke=\"white\"/>");
            AppendText(svg, x + (Side / 2), y + 20, "middle", text(cell));
        }
    }

    private static void AppendText(StringBuilder svg, int x, int y, string anchor, string text, string style = "") =>
        svg.AppendLine($"<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" {style}>{WebUtility.HtmlEncode(text)}</text>");

    private static string AdvantageText(double advantage) => advantage >= 10 ? $"{advantage:F0}" : $"{advantage:F2}";

    private static string RecallText(double recall) => $"{recall:F4}";

    private static string AdvantageColour(double advantage)
    {
        double share = Math.Clamp(Math.Log(advantage) / Math.Log(FullAdvantage), -1, 1);
        return Mix(share < 0 ? Orange : Blue, Math.Abs(share));
    }

    private static string RecallColour(double recall) => Mix(Orange, Math.Clamp((1 - recall) / FullLoss, 0, 1));

    private static string Mix((double R, double G, double B) colour, double share)
    {
        int Part(double white, double full) => (int)Math.Round(white + ((full - white) * share));
        return $"#{Part(White.R, colour.R):X2}{Part(White.G, colour.G):X2}{Part(White.B, colour.B):X2}";
    }
}
