using System.Buffers;
using AnnServer.Engine.Model;

namespace AnnServer.Hosting;

/// <summary>Names of backups: a client says which folder of the one directory that the operator has chosen, never a path.</summary>
internal static class BackupFolders
{
    private const int MaxNameLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");

    /// <summary>The folder of a backup; null, with a fault, where the name is none.</summary>
    public static string? Resolve(string? directory, string name, string field, Faults faults)
    {
        if (name.Length is 0 or > MaxNameLength || name[0] == '.' || name.AsSpan().ContainsAnyExcept(Allowed))
        {
            faults.Add(field, $"is \"{name}\"; 1 to {MaxNameLength} letters, digits, '.', '-' and '_' are allowed, and no '.' in front");
            return null;
        }

        return Path.GetFullPath(Path.Combine(directory ?? "", name));
    }

    /// <summary>Why a backup cannot be made there, or null.</summary>
    public static EngineError? Refusal(string? directory, string? folder, string? before) =>
        directory is null
            ? None("No backup can be made")
        : Path.Exists(folder)
            ? EngineError.Of(EngineStatus.AlreadyExists, $"There is a backup \"{Path.GetFileName(folder)}\" already.")
        : before is not null ? Absence(before)
        : null;

    /// <summary>Why no backup can be restored from there, or null.</summary>
    public static EngineError? RestoreRefusal(string? directory, string folder) =>
        directory is null ? None("No backup can be restored") : Absence(folder);

    private static EngineError None(string what) =>
        EngineError.Of(EngineStatus.FailedPrecondition, $"{what}: the setting Ann:BackupDirectory is empty.");

    private static EngineError? Absence(string folder) =>
        Directory.Exists(folder) ? null : EngineError.Of(EngineStatus.NotFound, $"There is no backup \"{Path.GetFileName(folder)}\".");
}
