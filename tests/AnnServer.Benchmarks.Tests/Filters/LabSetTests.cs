using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Filters;

namespace AnnServer.Benchmarks.Tests.Filters;

public sealed class LabSetTests : IDisposable
{
    private const int Dimension = 4;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-lab-set-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1000, 10, null, 990)]
    [InlineData(1001, 100, null, 901)]
    [InlineData(1000, 10, 500, 500)]
    public void ReadVectors_AnyFile_HoldsOutQueriesThatAreNoRows(int rows, int queries, int? most, int expected)
    {
        float[] vectors = ClusteredRows.Make(rows, Dimension, clusters: 3, seed: 2);
        string path = Path.Combine(_folder.FullName, "some.fvecs");
        DataSetWriter.WriteVectors(path, vectors, Dimension);

        LabSet set = LabSet.ReadVectors(path, queries, most);

        Assert.Equal((queries, expected, "some"), (set.Queries.Count, set.Count, set.Name));
        HashSet<string> all = [.. Texts(vectors)], points = [.. Texts(set.Rows)];
        string[] asked = [.. Enumerable.Range(0, queries).Select(i => string.Join(' ', set.Queries.ToSingles(i)))];
        Assert.Equal(queries, asked.Distinct().Count());
        Assert.All(asked, query => Assert.True(all.Contains(query) && !points.Contains(query)));
        Assert.Subset(all, points);
    }

    [Fact]
    public void Read_FewerRowsThanThereAre_HasNoPairs()
    {
        ManifoldSpec spec = new("test", Rows: 300, Dimension: 8, Metric: "cosine") { Clusters = 4, Queries = 5 };
        GenerateCommand.Write(spec, _folder.FullName);
        DataSet dataSet = DataSet.Of(_folder.FullName)[0];

        Assert.Equal((300, _folder.FullName), (LabSet.Read(dataSet, null).Count, LabSet.Read(dataSet, null).Folder));
        Assert.Equal((120, null), (LabSet.Read(dataSet, 120).Count, LabSet.Read(dataSet, 120).Folder));
        Assert.Equal(Engine.Model.Metric.Cosine, LabSet.Read(dataSet, 120).Metric);
    }

    private static IEnumerable<string> Texts(float[] rows) => rows.Chunk(Dimension).Select(row => string.Join(' ', row));
}
