using Spectre.Console;

namespace AnnServer.LoadGen.Reports;

/// <summary>
/// Text in columns that never loses a figure: a file or pipe gets lines as long as they have to be, and a terminal that is too
/// narrow for the columns gets every row as lines of name and value.
/// </summary>
internal sealed class ReportTable(params string[] columns)
{
    // Spectre's minimal border: a blank on either side of a cell and a line between two.
    private const int CellMargin = 3;

    private readonly List<string[]> _rows = [];
    private readonly bool[] _isText = new bool[columns.Length];

    /// <summary>Aligns columns of words to the left.</summary>
    public ReportTable Text(params int[] textColumns)
    {
        foreach (int column in textColumns)
            _isText[column] = true;
        return this;
    }

    public void AddRow(params string[] cells)
    {
        if (cells.Length != columns.Length)
            throw new ArgumentException($"{cells.Length} cells for {columns.Length} columns.", nameof(cells));
        _rows.Add(cells);
    }

    public void Write(IAnsiConsole console, bool isRedirected)
    {
        int width = Width();
        if (isRedirected)
            console.Profile.Width = Math.Max(console.Profile.Width, width);
        console.Write(width <= console.Profile.Width ? AsColumns() : AsLines());
    }

    private int Width()
    {
        int width = CellMargin;
        for (int column = 0; column < columns.Length; column++)
            width += CellMargin + Math.Max(columns[column].Length, _rows.Count == 0 ? 0 : _rows.Max(row => row[column].Length));
        return width;
    }

    private Table AsColumns()
    {
        Table table = new Table().Border(TableBorder.Minimal);
        for (int column = 0; column < columns.Length; column++)
        {
            TableColumn header = new TableColumn(Markup.Escape(columns[column])).NoWrap();
            table.AddColumn(_isText[column] ? header : header.RightAligned());
        }
        foreach (string[] row in _rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        return table;
    }

    private Grid AsLines()
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (string[] row in _rows)
        {
            for (int column = 0; column < columns.Length; column++)
                grid.AddRow(Markup.Escape(columns[column]), Markup.Escape(row[column]));
            grid.AddEmptyRow();
        }
        return grid;
    }
}
