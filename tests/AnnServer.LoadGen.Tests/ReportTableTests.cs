using AnnServer.LoadGen.Reports;
using Spectre.Console;

namespace AnnServer.LoadGen.Tests;

public sealed class ReportTableTests
{
    private static readonly string[] Columns = ["collection", "points/s", "server CPU s", "[errors]"];
    private static readonly string[] Cells = ["words", "1234567", "3.14159", "ResourceExhausted 7"];

    [Theory]
    [InlineData(40, false)]
    [InlineData(40, true)]
    [InlineData(200, false)]
    public void Write_AnyWidth_EveryHeaderAndFigureIsWhole(int width, bool isRedirected)
    {
        string text = Write(width, isRedirected);

        Assert.All([.. Columns, .. Cells], expected => Assert.Contains(expected, text));
    }

    [Theory]
    [InlineData(40, false, 4)]
    [InlineData(40, true, 1)]
    [InlineData(200, false, 1)]
    public void Write_Row_TakesOneLineWhereThereIsRoom(int width, bool isRedirected, int lines)
    {
        Assert.Equal(lines, Write(width, isRedirected).Split('\n').Count(line => Cells.Any(line.Contains)));
    }

    private static string Write(int width, bool isRedirected)
    {
        using StringWriter output = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = width;
        ReportTable table = new(Columns);
        table.AddRow(Cells);
        table.Write(console, isRedirected);
        return output.ToString();
    }
}
