using System.Globalization;

namespace AnnServer.Testing;

/// <summary>What `tests/laboratory` says to the tests that it makes longer, and where they say what they have found.</summary>
public static class LaboratoryVariables
{
    private const string ReportVariable = "ANN_LAB_REPORT";

    public static int Seed { get; } = Number("ANN_LAB_SEED", 1);

    public static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Says what a part has found, in the folder that the environment names, if any.</summary>
    public static Task ReportAsync(string part, string text, CancellationToken cancellation) => WriteAsync(part + ".md", text, cancellation);

    /// <summary>Notes in the same folder what is being tried, for the case that the process does not survive it.</summary>
    public static Task NoteAsync(string part, string text, CancellationToken cancellation) => WriteAsync(part + ".last", text, cancellation);

    private static Task WriteAsync(string file, string text, CancellationToken cancellation) =>
        Environment.GetEnvironmentVariable(ReportVariable) is { Length: > 0 } folder
            ? File.WriteAllTextAsync(Path.Combine(folder, file), text, cancellation)
            : Task.CompletedTask;
}
