using AnnServer.Testing;

namespace AnnServer.CrashTests.Corruption;

/// <summary>What has become of one file.</summary>
/// <param name="Kind">See <see cref="FileKind"/>.</param>
/// <param name="What">The way in which it is damaged.</param>
/// <param name="Bytes">What it holds now; null where it is gone.</param>
internal sealed record DamagedFile(string Path, string Kind, string What, byte[]? Bytes)
{
    private const string Stray = "unknown file";
    private const string Resurrected = "deleted file come back";

    /// <summary>Draws a kind of file, one of that kind, and what happens to it.</summary>
    public static DamagedFile Draw(Specimen specimen, Random random)
    {
        while (true)
        {
            string kind = DrawKind(random);
            if (kind == FileKind.LeftOver)
            {
                return random.Next(2) == 0 ? DrawStray(specimen, random) : DrawDeleted(specimen, random);
            }

            string[] paths = [.. specimen.Files.Keys.Where(path => FileKind.Of(path) == kind).Order(StringComparer.Ordinal)];
            if (paths.Length > 0)
            {
                return DrawDamage(specimen, paths[random.Next(paths.Length)], kind, random);
            }
        }
    }

    /// <summary>In words, with where the damage lies.</summary>
    public string Describe(Specimen specimen)
    {
        byte[] sound = specimen.Files.GetValueOrDefault(Path) ?? [];
        int first = sound.AsSpan().CommonPrefixLength(Bytes);
        return $"{Path}: {What}, {Bytes?.Length} of {sound.Length} bytes, from byte {first} on";
    }

    private static string DrawKind(Random random)
    {
        int at = random.Next(FileKind.All.Sum(static kind => kind.Weight));
        return FileKind.All.First(kind => (at -= kind.Weight) < 0).Kind;
    }

    private static DamagedFile DrawDamage(Specimen specimen, string path, string kind, Random random)
    {
        byte[] sound = specimen.Files[path];
        byte[][] older =
        [
            .. specimen.Earlier.SelectMany(static files => files)
                .Where(file => file.Key == path || (FileKind.Of(file.Key) == kind && kind is FileKind.Manifest or FileKind.Description))
                .Select(static file => file.Value)
                .Where(bytes => !bytes.AsSpan().SequenceEqual(sound)),
        ];
        while (true)
        {
            (string what, byte[]? bytes) = Damage.Of(sound, random, older.Length == 0 ? null : older[random.Next(older.Length)]);

            // A block of zeros may be zeroed, and two blocks be the same: that is no damage.
            if (bytes is null || !bytes.AsSpan().SequenceEqual(sound))
            {
                return new DamagedFile(path, kind, what, bytes);
            }
        }
    }

    // A draft that was never renamed, or something that has nothing to do with any of it.
    private static DamagedFile DrawStray(Specimen specimen, Random random)
    {
        (string path, byte[] bytes) = specimen.Files.ElementAt(random.Next(specimen.Files.Count));
        return random.Next(2) == 0
            ? new DamagedFile(path + ".tmp", FileKind.LeftOver, Stray, bytes[..random.Next(bytes.Length + 1)])
            : new DamagedFile(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, "x.tmp"), FileKind.LeftOver, Stray, [1, 2, 3]);
    }

    // Whose deletion did not reach the disk.
    private static DamagedFile DrawDeleted(Specimen specimen, Random random)
    {
        KeyValuePair<string, byte[]>[] deleted =
            [.. specimen.Earlier.SelectMany(static files => files).Where(file => !specimen.Files.ContainsKey(file.Key)).DistinctBy(static file => file.Key)];
        if (deleted.Length == 0)
        {
            return DrawStray(specimen, random);
        }

        (string path, byte[] bytes) = deleted[random.Next(deleted.Length)];
        return new DamagedFile(path, FileKind.LeftOver, Resurrected, bytes);
    }
}
