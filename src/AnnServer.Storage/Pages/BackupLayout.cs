namespace AnnServer.Storage.Pages;

/// <summary>The files of a backup. It depends on the one before if it names one, and so on.</summary>
internal sealed class BackupLayout(string folder)
{
    /// <summary>The manifest of the checkpoint; written last, so that a backup that has one is whole.</summary>
    public string Manifest => Path.Combine(folder, "MANIFEST");

    /// <summary>FASTER's description of the checkpoint.</summary>
    public string Token => Path.Combine(folder, "TOKEN");

    /// <summary>Holds the path of the backup before, relative to this one, where there is one.</summary>
    public string Before => Path.Combine(folder, "BEFORE");

    /// <summary>Segments are named as in a page store.</summary>
    public string Segment(long index) => Path.Combine(folder, $"pages.{index}");

    /// <summary>The file of a segment, in this backup or the first before that has it; null where none has.</summary>
    public string? Find(long index)
    {
        // A damaged name of the one before can lead in a circle.
        var seen = new HashSet<string>();
        for (BackupLayout? layout = this; layout is not null && seen.Add(layout.Manifest); layout = layout.Previous())
        {
            if (File.Exists(layout.Segment(index)))
            {
                return layout.Segment(index);
            }
        }

        return null;
    }

    private BackupLayout? Previous()
    {
        try
        {
            return File.Exists(Before) ? new BackupLayout(Path.GetFullPath(File.ReadAllText(Before), folder)) : null;
        }
        catch (ArgumentException error)
        {
            throw new StorageCorruptionException($"'{Before}' does not name a folder.", error);
        }
    }
}
