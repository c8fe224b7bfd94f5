using Spectre.Console;
using Spectre.Console.Rendering;

namespace AnnServer.LoadGen.Reports;

internal sealed class RateColumn : ProgressColumn
{
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Text($"{task.Speed ?? 0:F0}/s");
}
