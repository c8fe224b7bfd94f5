using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Testing;

namespace AnnServer.CrashTests.Corruption;

/// <summary>Opens damaged copies of a specimen and says what came of it.</summary>
/// <param name="open">Opens a data folder.</param>
/// <param name="patience">Whatever takes longer hangs.</param>
internal sealed class Judge(Func<string, Task<LocalDatabase>> open, TimeSpan patience)
{
    private const ulong NewId = 1_000_000;

    /// <param name="goesOn">Whether a folder that is served is also written to, closed, and opened once more.</param>
    public async Task<Verdict> OfAsync(Specimen specimen, IReadOnlyList<DamagedFile> damage, bool goesOn)
    {
        using var folder = new TempDirectory();
        var files = new Dictionary<string, byte[]>(specimen.Files);
        foreach (DamagedFile file in damage)
        {
            files.Remove(file.Path);
            if (file.Bytes is not null)
            {
                files.Add(file.Path, file.Bytes);
            }
        }

        FolderFiles.Write(folder.Path, files);
        LocalDatabase local;
        try
        {
            local = await open(folder.Path).WaitAsync(patience);
        }
        catch (Exception error)
        {
            return OfRefusal(error, files, folder.Path);
        }

        try
        {
            return await OfServedAsync(local, specimen, damage, goesOn ? folder.Path : null);
        }
        catch (Exception error)
        {
            return new Verdict(Outcome.Forbidden, $"served, and then: {error}");
        }
    }

    private static Verdict OfRefusal(Exception error, Dictionary<string, byte[]> before, string folder)
    {
        string? wrong = error switch
        {
            _ when error is not IOException && error.GetType() != typeof(InvalidOperationException) => error is TimeoutException ? "hangs" : $"throws {error}",
            _ when !error.Message.Contains(folder, StringComparison.Ordinal) => $"does not say where: {error.Message}",
            _ => Change(before, FolderFiles.Read(folder)),
        };
        return wrong is null ? new Verdict(Outcome.Refused, error.Message) : new Verdict(Outcome.Forbidden, wrong);
    }

    // Where a start is refused, everything stays for whoever comes to repair it, but for what only speeds up a start.
    private static string? Change(Dictionary<string, byte[]> before, Dictionary<string, byte[]> after) => before
        .Where(static file => FileKind.Of(file.Key) is not (FileKind.CommitMetadata or FileKind.Lock))
        .Where(file => !after.TryGetValue(file.Key, out byte[]? bytes) || !bytes.AsSpan().SequenceEqual(file.Value))
        .Select(static file => $"refuses, and has changed {file.Key}")
        .FirstOrDefault();

    private async Task<Verdict> OfServedAsync(LocalDatabase local, Specimen specimen, IReadOnlyList<DamagedFile> damage, string? goOnIn)
    {
        HashSet<string> leftOut = specimen.Truth.Damaged(local.Database);
        State served = State.Of(local.Database);
        StartPoint start = StartPoint.Of(local.Database);
        await (goOnIn is null ? CloseAsync(local) : GoOnAsync(local, served, leftOut, goOnIn));
        int lost = specimen.Allowed(damage.ToDictionary(static file => file.Path, static file => file.Bytes))
            .Where(allowed => allowed.State.Difference(served, leftOut) is null)
            .Select(static allowed => allowed.Lost)
            .FirstOrDefault(-1);
        if (lost < 0)
        {
            return new Verdict(Outcome.Forbidden, $"serves what is not so: {specimen.Truth.Difference(served, leftOut)}");
        }

        Outcome outcome = leftOut.Count > 0 ? Outcome.Confined
            : lost > 0 ? Outcome.TakenForTorn
            : start != specimen.Start ? Outcome.Repaired
            : Outcome.NoEffect;
        return new Verdict(outcome, LostCommits: lost, WentOn: goOnIn is not null);
    }

    // What was served can be written to, and is there after the next start, which has nothing to repair once what is damaged is deleted.
    private async Task GoOnAsync(LocalDatabase local, State served, HashSet<string> leftOut, string folder)
    {
        Dictionary<string, Content> expected = await AddPointsAsync(local, served);
        if (leftOut.Count > 0)
        {
            Assert.Equal(EngineStatus.FailedPrecondition, await CheckpointAsync(local));
            local = await OpenAgainAsync(local, folder);
            AssertHolds(local, expected);
            foreach (string name in leftOut)
            {
                Assert.Equal(EngineStatus.DataLoss, local.Database.GetCollection(name).Error?.Status);
                Assert.Null((await local.Database.DeleteCollectionAsync(name, CancellationToken.None).AsTask().WaitAsync(patience)).Error);
            }
        }

        Assert.Null(await CheckpointAsync(local));
        local = await OpenAgainAsync(local, folder);
        Assert.Equal(0, local.Database.GetStats().ReplayedRecords);
        AssertHolds(local, expected);
        await CloseAsync(local);
    }

    private async Task<Dictionary<string, Content>> AddPointsAsync(LocalDatabase local, State served)
    {
        var random = new Random(served.Collections.Count);
        var expected = new Dictionary<string, Content>();
        foreach (Collection collection in local.Database.ListCollections())
        {
            string name = collection.Config.Name;
            var points = new Dictionary<ulong, PointState>(served.Collections[name].Points);
            var change = new OrderedChange(NewId, PointState.Random(random, collection.Config.Dimension), false);
            change.ApplyTo(points);
            await change.ApplyAsync(collection, CancellationToken.None).WaitAsync(patience);
            expected.Add(name, new Content(points, []));
        }

        return expected;
    }

    // Why none was made.
    private async Task<EngineStatus?> CheckpointAsync(LocalDatabase local) =>
        (await local.Database.CheckpointAsync(CancellationToken.None).AsTask().WaitAsync(patience)).Error?.Status;

    private async Task<LocalDatabase> OpenAgainAsync(LocalDatabase local, string folder)
    {
        await CloseAsync(local);
        return await open(folder).WaitAsync(patience);
    }

    private static void AssertHolds(LocalDatabase local, Dictionary<string, Content> expected)
    {
        IReadOnlyList<Collection> found = local.Database.ListCollections();
        Assert.Equal(expected.Keys.Order(), found.Select(static collection => collection.Config.Name).Order());
        Assert.All(found, collection => Assert.Null(expected[collection.Config.Name].PointDifference(Content.Read(collection))));
    }

    private Task CloseAsync(LocalDatabase local) => local.DisposeAsync().AsTask().WaitAsync(patience);
}
