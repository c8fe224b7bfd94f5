using AnnServer.Benchmarks.Compare;
using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Engine.Model;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Filters;

/// <summary>Vectors and queries of the laboratory.</summary>
/// <param name="Rows">The vectors, one after the other.</param>
/// <param name="Folder">Where attributes and pairs may be; null where there is nothing beside the vectors.</param>
internal sealed record LabSet(string Name, Metric Metric, float[] Rows, int Dimension, VectorFile Queries, string? Folder)
{
    public int Count => Rows.Length / Dimension;

    public ScoreKind Score => Metric switch
    {
        Metric.L2 => ScoreKind.SquaredDistance,
        Metric.Cosine => ScoreKind.Cosine,
        _ => ScoreKind.InnerProduct,
    };

    /// <summary>
    /// The first rows of a data set, all by default. With fewer the data set's own pairs have another truth, and are left out.
    /// </summary>
    public static LabSet Read(DataSet dataSet, int? most)
    {
        ContenderOptions files = DataSetFiles.Find(dataSet.Folder, dataSet.Metric, m: 0, efConstruction: 0, k: 0, index: "");
        VectorFile rows = VectorFile.Read(files.Base);
        int count = Math.Min(rows.Count, most ?? rows.Count);
        return new LabSet(
            dataSet.Name, MetricOf(files.Score), Singles(rows, Enumerable.Range(0, count)), rows.Dimension, VectorFile.Read(files.Query),
            count == rows.Count ? dataSet.Folder : null);
    }

    /// <summary>A file of vectors under L2. The rows that are queries, spread over it, are no points.</summary>
    public static LabSet ReadVectors(string path, int queries, int? most)
    {
        VectorFile file = VectorFile.Read(path);
        int step = Math.Max(2, file.Count / queries);
        VectorFile heldOut = new(TexmexFile.Parse(
            [.. Enumerable.Range(0, queries).SelectMany(i => RowOf(file, i * step))], file.Element, path));
        IEnumerable<int> rows = Enumerable.Range(0, file.Count).Where(row => row % step != 0 || row / step >= queries);
        return new LabSet(
            Path.GetFileNameWithoutExtension(path), Metric.L2, Singles(file, rows.Take(most ?? int.MaxValue)), file.Dimension, heldOut, null);
    }

    private static byte[] RowOf(VectorFile file, int row) => [.. BitConverter.GetBytes(file.Dimension), .. file.Packed(row)];

    private static float[] Singles(VectorFile file, IEnumerable<int> rows)
    {
        int[] wanted = [.. rows];
        float[] singles = new float[wanted.Length * file.Dimension];
        Parallel.For(0, wanted.Length, i => file.CopyTo(wanted[i], singles.AsSpan(i * file.Dimension, file.Dimension)));
        return singles;
    }

    private static Metric MetricOf(ScoreKind score) => score switch
    {
        ScoreKind.SquaredDistance => Metric.L2,
        ScoreKind.Cosine => Metric.Cosine,
        _ => Metric.Dot,
    };
}
