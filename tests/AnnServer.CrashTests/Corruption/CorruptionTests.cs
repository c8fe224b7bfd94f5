namespace AnnServer.CrashTests.Corruption;

/// <summary>
/// Files of data folders are damaged behind the back of the database, which is then opened: what it serves is what was written to it,
/// or it says which part it does not serve, or it refuses and says where the damage lies.
/// </summary>
public sealed class CorruptionTests
{
    // One trial in so many damages two files, and one in so many goes on after a start.
    private const int TrialsPerDouble = 5;
    private const int TrialsPerGoingOn = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Lazy<Task<Specimen[]>> Specimens = new(() => SpecimenMaker.MakeAsync(Laboratory.Seed));

    [Fact]
    public async Task Open_FolderWithDamagedFiles_ServesTheTruthOrSaysWhatItDoesNotServe()
    {
        const int MostToDescribe = 20;
        Specimen[] specimens = await Specimens.Value;
        var judge = new Judge(LocalDatabase.OpenAsync, Patience);
        var report = new CorruptionReport();
        var forbidden = new List<string>();
        for (int trial = 0; trial < Laboratory.Trials; trial++)
        {
            // Of trials that follow each other nothing alike.
            var random = new Random(unchecked((Laboratory.Seed * 1_000_003) ^ (trial * 7919)));
            Specimen specimen = specimens[random.Next(specimens.Length)];
            DamagedFile[] damage = [.. Enumerable
                .Range(0, random.Next(TrialsPerDouble) == 0 ? 2 : 1)
                .Select(_ => DamagedFile.Draw(specimen, random))
                .DistinctBy(static file => file.Path)];
            string what = $"trial {trial}, seed {Laboratory.Seed}, {specimen.Name}: {string.Join("; ", damage.Select(file => file.Describe(specimen)))}";
            await Laboratory.NoteAsync("corruption", what);
            Verdict verdict = await judge.OfAsync(specimen, damage, goesOn: random.Next(TrialsPerGoingOn) == 0);
            report.Add(specimen, damage, verdict);
            if (verdict.Outcome == Outcome.Forbidden && forbidden.Count < MostToDescribe)
            {
                forbidden.Add($"{what}: {verdict.Why}");
            }
        }

        await Laboratory.ReportAsync("corruption", report.ToString());
        Assert.True(forbidden.Count == 0, string.Join('\n', forbidden));
        // Damage that reaches nothing would prove nothing.
        Assert.All(
            [Outcome.Refused, Outcome.Repaired, Outcome.Confined, Outcome.NoEffect],
            outcome => Assert.NotEqual(0, report.Sum(outcome)));
    }

    [Fact]
    public async Task Judge_FolderAsItWasEarlier_IsFoundOut()
    {
        foreach (Specimen specimen in await Specimens.Value)
        {
            Specimen earlier = specimen with { Files = specimen.Earlier[^1] };

            Verdict verdict = await new Judge(LocalDatabase.OpenAsync, Patience).OfAsync(earlier, [], goesOn: false);

            Assert.Equal(Outcome.Forbidden, verdict.Outcome);
            Assert.StartsWith("serves what is not so", verdict.Why, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Judge_OneAttributeChanged_IsFoundOut()
    {
        Specimen specimen = (await Specimens.Value)[0];
        var judge = new Judge(
            async folder =>
            {
                LocalDatabase local = await LocalDatabase.OpenAsync(folder);
                (ulong id, PointState state) = specimen.Truth.Collections["plain"].Points.First();
                var change = new OrderedChange(id, state with { Number = state.Number is null ? 1 : null }, true);
                await change.ApplyAsync(local.Database.GetCollection("plain").Value, CancellationToken.None);
                return local;
            },
            Patience);

        Verdict verdict = await judge.OfAsync(specimen, [], goesOn: false);

        Assert.Equal($"serves what is not so: collection plain: point {specimen.Truth.Collections["plain"].Points.First().Key} is another", verdict.Why);
    }

    [Theory]
    [InlineData("throws", "throws System.InvalidCastException")]
    [InlineData("disposed", "throws System.ObjectDisposedException")]
    [InlineData("nowhere", "does not say where")]
    [InlineData("tidies", "refuses, and has changed wal/HIGHWATER")]
    [InlineData("never", "hangs")]
    public async Task Judge_StartThatEndsOtherwise_IsFoundOut(string how, string why)
    {
        Task<LocalDatabase> Open(string folder)
        {
            if (how == "tidies")
            {
                File.Delete(Path.Combine(folder, "wal", "HIGHWATER"));
            }

            return how == "never" ? new TaskCompletionSource<LocalDatabase>().Task : Task.FromException<LocalDatabase>(how switch
            {
                "throws" => new InvalidCastException(),
                "disposed" => new ObjectDisposedException(folder),
                "nowhere" => new IOException("It is damaged."),
                _ => new IOException($"'{folder}' is damaged."),
            });
        }

        Specimen specimen = (await Specimens.Value)[0];
        TimeSpan patience = how == "never" ? TimeSpan.FromMilliseconds(1) : Patience;

        Verdict verdict = await new Judge(Open, patience).OfAsync(specimen, [], goesOn: false);

        Assert.Equal(Outcome.Forbidden, verdict.Outcome);
        Assert.StartsWith(why, verdict.Why, StringComparison.Ordinal);
    }
}
