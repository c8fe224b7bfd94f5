using System.Text;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>
/// Data directories written by the version that had each format, or a new kind of value in it, first, checked in beside what they hold.
/// Whatever changes later, they can be opened.
/// </summary>
public sealed class FormatTests
{
    private const string Content = "content.txt";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Formats =>
        [.. Directory.GetDirectories(Path.Combine(AppContext.BaseDirectory, "Recovery", "Formats")).Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task ADirectoryOfAnEarlierFormatCanBeOpenedAndGoneOnWith(string format)
    {
        using var folder = new DataFolder();
        string source = Path.Combine(AppContext.BaseDirectory, "Recovery", "Formats", format);
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(folder.Path, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        string expected = await File.ReadAllTextAsync(Path.Combine(source, Content), Cancellation);
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Assert.Equal(expected, Describe(test.Database));
        await test.CheckpointAsync();
        await test.RestartAsync();
        Assert.Equal(expected, Describe(test.Database));
    }

    /// <summary>Writes the directory of the present format, to be checked in when it is a new one: <c>ANN_FORMAT=FOLDER</c>.</summary>
    [Fact(Explicit = true)]
    public async Task WriteTheDirectoryOfThePresentFormat()
    {
        string target = Environment.GetEnvironmentVariable("ANN_FORMAT") ?? throw new InvalidOperationException("ANN_FORMAT is the folder to write.");
        using var folder = new DataFolder();
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            foreach ((Metric metric, VectorStorage storage) in new[] { (Metric.L2, VectorStorage.Float32), (Metric.Cosine, VectorStorage.Float16) })
            {
                var config = new CollectionConfig
                {
                    Name = $"{metric}",
                    Dimension = 9,
                    Metric = metric,
                    VectorStorage = storage,
                    Hnsw = new HnswConfig { M = 4, EfConstruction = 20 },
                    Attributes = RandomPoints.Schema,
                };
                Collection collection = await test.CreateAsync(config);
                var workload = new Workload(new Random(1), new ModelCollection(config), 5);
                await workload.Upsert(40)(collection);
                for (int step = 0; step < 60; step++)
                {
                    await workload.Next()(collection);
                    if (step is 20 or 40)
                    {
                        await test.CheckpointAsync();
                    }
                }
            }

            await File.WriteAllTextAsync(Path.Combine(folder.Path, Content), Describe(test.Database), Cancellation);
        }

        using DataFolder copy = folder.Snapshot();
        Directory.Move(copy.Path, target);
        Directory.CreateDirectory(copy.Path);
    }

    private static string Describe(Database database)
    {
        var text = new StringBuilder();
        foreach (Collection collection in database.ListCollections())
        {
            text.Append(collection.Config.Name).Append('\n');
            foreach (Point point in ModelCollection.ScrollAll(collection, new ScrollQuery { WithAttributes = true, WithVector = true, PageSize = 1000 }))
            {
                text.Append(point.Id).Append(' ').AppendJoin(' ', point.Vector.ToArray().Select(BitConverter.SingleToInt32Bits));
                Assert.True(collection.Data.Ids.TryGet(point.Id, out uint slot));
                text.Append(' ').Append(Convert.ToHexString(collection.Data.Attributes.Get(slot) ?? [])).Append('\n');
            }

            text.Append(GraphText.Of(collection.Data.Index));
        }

        return text.ToString();
    }
}
