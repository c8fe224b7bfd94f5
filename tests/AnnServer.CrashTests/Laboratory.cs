using AnnServer.Testing;

namespace AnnServer.CrashTests;

/// <summary>
/// How long the parts of the crash laboratory are: short in a test run, as long as the environment says where `tests/laboratory` sets it.
/// </summary>
internal static class Laboratory
{
    /// <summary>Damaged folders that are opened.</summary>
    public static int Trials { get; } = LaboratoryVariables.Number("ANN_LAB_TRIALS", 150);

    /// <summary>Times the server is killed while it is compared with one that never is.</summary>
    public static int Kills { get; } = LaboratoryVariables.Number("ANN_LAB_KILLS", 50);

    /// <summary>Times the server is killed while several threads plan.</summary>
    public static int KillsSideBySide { get; } = LaboratoryVariables.Number("ANN_LAB_KILLS_SIDE_BY_SIDE", 12);

    public static int PowerCuts { get; } = LaboratoryVariables.Number("ANN_LAB_POWER_CUTS", 2);

    public static int Seed => LaboratoryVariables.Seed;

    /// <summary>Says what a part has found.</summary>
    public static Task ReportAsync(string part, string text)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        return LaboratoryVariables.ReportAsync(part, text, TestContext.Current.CancellationToken);
    }

    /// <summary>Notes what is being tried, for the case that the process does not survive it.</summary>
    public static Task NoteAsync(string part, string text) =>
        LaboratoryVariables.NoteAsync(part, text, TestContext.Current.CancellationToken);
}
