namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>A folder of vectors under one metric.</summary>
/// <param name="Name">That of the folder; with the metric where the folder has the ground truth of several.</param>
internal sealed record DataSet(string Name, string Folder, string Metric)
{
    private static readonly string[] Metrics = ["l2", "cosine", "ip"];

    /// <summary>One for each metric that the folder has a ground truth for.</summary>
    public static IReadOnlyList<DataSet> Of(string folder)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string name = Path.GetFileName(path);
        string[] metrics = [.. Metrics.Where(metric => File.Exists(Path.Combine(path, DataSetFiles.TruthOf(metric).Scores)))];
        if (metrics.Length == 0)
            throw new FileNotFoundException($"There is no ground truth in {path}.");
        return [.. metrics.Select(metric => new DataSet(metrics.Length == 1 ? name : $"{name}-{metric}", path, metric))];
    }
}
