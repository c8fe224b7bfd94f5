using AnnServer.Benchmarks.Compare.Data;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Tests;

public sealed class DataSetTests : IDisposable
{
    private static readonly ManifoldSpec Spec = new("test", Rows: 600, Dimension: 16, Metric: "cosine") { Clusters = 8, Queries = 12 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-data-set-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Generate_GroundTruth_IsThatOfTheFilesWritten()
    {
        GenerateCommand.Write(Spec, _folder.FullName);

        DataSet dataSet = Assert.Single(DataSet.Of(_folder.FullName));
        Assert.Equal("cosine", dataSet.Metric);
        CheckTruth(ScoreKind.Cosine, "base.fvecs", "query.fvecs", "groundtruth.ivecs", "groundtruth_sim.fvecs", expectedRows: 600);
    }

    [Fact]
    public void Generate_AgainAsItIs_WritesNothing()
    {
        GenerateCommand.Write(Spec, _folder.FullName);
        string rows = Path.Combine(_folder.FullName, "base.fvecs");
        File.WriteAllText(rows, "kept");

        GenerateCommand.Write(Spec, _folder.FullName);
        Assert.Equal("kept", File.ReadAllText(rows));

        GenerateCommand.Write(Spec with { Seed = 5 }, _folder.FullName);
        Assert.Equal(600, VectorFile.Read(rows).Count);
    }

    [Fact]
    public void HoldOut_Queries_AreNotInTheBaseAndHaveTheirTrueNeighbours()
    {
        GenerateCommand.Write(Spec, _folder.FullName);
        VectorFile all = VectorFile.Read(Path.Combine(_folder.FullName, "base.fvecs"));

        new HoldOutSet(all, queries: 30).Write(_folder.FullName, "l2", depth: 10, ".fvecs");

        CheckTruth(ScoreKind.SquaredDistance, "base.fvecs", "query.fvecs", "groundtruth.ivecs", "groundtruth_dist.fvecs", expectedRows: 570);
    }

    [Fact]
    public void Of_FolderWithSeveralGroundTruths_NamesEachAfterItsMetric()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "groundtruth_sim.fvecs"), "");
        File.WriteAllText(Path.Combine(_folder.FullName, "groundtruth_ip_score.fvecs"), "");

        Assert.Equal(
            [_folder.Name + "-cosine", _folder.Name + "-ip"], DataSet.Of(_folder.FullName + "/").Select(dataSet => dataSet.Name));
    }

    [Fact]
    public void Of_FolderWithoutGroundTruth_Throws()
    {
        Assert.Throws<FileNotFoundException>(() => DataSet.Of(_folder.FullName));
    }

    private void CheckTruth(ScoreKind kind, string baseName, string queryName, string truthName, string scoresName, int expectedRows)
    {
        VectorFile rows = VectorFile.Read(Path.Combine(_folder.FullName, baseName));
        VectorFile queries = VectorFile.Read(Path.Combine(_folder.FullName, queryName));
        GroundTruth truth = GroundTruth.Read(Path.Combine(_folder.FullName, truthName), Path.Combine(_folder.FullName, scoresName));
        float[] flat = [.. Enumerable.Range(0, rows.Count).SelectMany(rows.ToSingles)];

        Assert.Equal(expectedRows, rows.Count);
        Assert.Equal(queries.Count, truth.Queries);
        HashSet<string> known = [.. Enumerable.Range(0, rows.Count).Select(row => string.Join(' ', rows.ToSingles(row)))];
        for (int i = 0; i < queries.Count; i++)
        {
            float[] query = queries.ToSingles(i);
            Assert.DoesNotContain(string.Join(' ', query), known);
            Assert.Equal(NaiveNeighbours.Find(kind, flat, query, truth.Depth), truth.Ids(i).ToArray());
            Assert.Equal((float)ExactScore.Compute(kind, query, rows.ToSingles(truth.Ids(i)[0])), truth.Scores(i)[0]);
        }
    }
}
