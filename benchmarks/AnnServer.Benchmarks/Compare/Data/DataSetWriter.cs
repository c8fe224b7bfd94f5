using System.Runtime.InteropServices;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>Writes the files of a data set folder in the TEXMEX layout: every row is an int32 dimension, then its elements.</summary>
internal static class DataSetWriter
{
    /// <summary>Rows of float32 that lie one after the other.</summary>
    public static void WriteVectors(string path, float[] rows, int dimension)
    {
        using FileStream file = File.Create(path);
        for (int start = 0; start < rows.Length; start += dimension)
            WriteRow(file, dimension, MemoryMarshal.AsBytes(rows.AsSpan(start, dimension)));
    }

    /// <summary>Some rows of a file, as they are stored there.</summary>
    public static void WriteVectors(string path, VectorFile vectors, IEnumerable<int> rows)
    {
        using FileStream file = File.Create(path);
        foreach (int row in rows)
            WriteRow(file, vectors.Dimension, vectors.Packed(row));
    }

    /// <summary>The neighbours of each query and their scores, under the names that belong to the metric.</summary>
    public static void WriteTruth(string folder, string metric, Neighbour[][] nearest)
    {
        (string truth, string truthScores) = DataSetFiles.TruthOf(metric);
        using FileStream ids = File.Create(Path.Combine(folder, truth));
        using FileStream scores = File.Create(Path.Combine(folder, truthScores));
        foreach (Neighbour[] neighbours in nearest)
        {
            WriteRow(ids, neighbours.Length, MemoryMarshal.AsBytes<int>([.. neighbours.Select(neighbour => neighbour.Row)]));
            WriteRow(scores, neighbours.Length, MemoryMarshal.AsBytes<float>([.. neighbours.Select(neighbour => (float)neighbour.Score)]));
        }
    }

    private static void WriteRow(FileStream file, int dimension, ReadOnlySpan<byte> elements)
    {
        file.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in dimension)));
        file.Write(elements);
    }
}
