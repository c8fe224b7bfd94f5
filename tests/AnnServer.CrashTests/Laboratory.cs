using System.Globalization;

namespace AnnServer.CrashTests;

/// <summary>
/// How long the parts of the crash laboratory are: short in a test run, as long as the environment says where `tests/laboratory` sets it.
/// </summary>
internal static class Laboratory
{
    private const string ReportVariable = "ANN_LAB_REPORT";

    /// <summary>Damaged folders that are opened.</summary>
    public static int Trials { get; } = Number("ANN_LAB_TRIALS", 150);

    /// <summary>Times the server is killed while it is compared with one that never is.</summary>
    public static int Kills { get; } = Number("ANN_LAB_KILLS", 50);

    /// <summary>Times the server is killed while several threads plan.</summary>
    public static int KillsSideBySide { get; } = Number("ANN_LAB_KILLS_SIDE_BY_SIDE", 12);

    public static int PowerCuts { get; } = Number("ANN_LAB_POWER_CUTS", 2);

    public static int Seed { get; } = Number("ANN_LAB_SEED", 1);

    /// <summary>Says what a part has found, in the folder that the environment names, if any.</summary>
    public static async Task ReportAsync(string part, string text)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        if (Environment.GetEnvironmentVariable(ReportVariable) is { Length: > 0 } folder)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, part + ".md"), text, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Notes in the same folder what is being tried, for the case that the process does not survive it.</summary>
    public static async Task NoteAsync(string part, string text)
    {
        if (Environment.GetEnvironmentVariable(ReportVariable) is { Length: > 0 } folder)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, part + ".last"), text, TestContext.Current.CancellationToken);
        }
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
