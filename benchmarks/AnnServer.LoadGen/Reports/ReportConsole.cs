using Spectre.Console;

namespace AnnServer.LoadGen.Reports;

/// <summary>Settings of the console that reports go to.</summary>
internal static class ReportConsole
{
    private const int RedirectedWidth = 200;

    /// <summary>Spectre takes 80 columns for a file or a pipe and would break and cut lines there.</summary>
    public static void Prepare()
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = RedirectedWidth;
    }
}
