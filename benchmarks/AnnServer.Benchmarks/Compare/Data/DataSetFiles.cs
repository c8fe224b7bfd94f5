namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>Finds the files of a data set folder that belong to a metric.</summary>
internal static class DataSetFiles
{
    public static ContenderOptions Find(string folder, string metric, int m, int efConstruction, int k, string index)
    {
        (string truth, string scores) = TruthOf(metric);
        return new ContenderOptions(
            Vectors(folder, "base"), Vectors(folder, "query"), Path.Combine(folder, truth), Path.Combine(folder, scores), metric, m,
            efConstruction, k, index);
    }

    /// <summary>Names of the files with the exact neighbours under a metric, and with their scores.</summary>
    public static (string Truth, string Scores) TruthOf(string metric) => metric switch
    {
        "l2" => ("groundtruth.ivecs", "groundtruth_dist.fvecs"),
        "cosine" => ("groundtruth.ivecs", "groundtruth_sim.fvecs"),
        "ip" => ("groundtruth_ip.ivecs", "groundtruth_ip_score.fvecs"),
        _ => throw new FormatException($"'{metric}' is not a metric: l2, ip or cosine."),
    };

    private static string Vectors(string folder, string stem)
    {
        foreach (string extension in (string[])[".bvecs", ".f16vecs", ".fvecs"])
        {
            string path = Path.Combine(folder, stem + extension);
            if (File.Exists(path))
                return path;
        }
        throw new FileNotFoundException($"There is no {stem}.bvecs, .f16vecs or .fvecs in {folder}.");
    }
}
