using System.Runtime.InteropServices;

namespace AnnServer.LoadGen.Data;

/// <summary>The exact neighbours of every query and, where the file is given, their scores.</summary>
internal sealed class GroundTruth
{
    private readonly TexmexFile _ids;
    private readonly TexmexFile? _scores;

    public GroundTruth(TexmexFile ids, TexmexFile? scores)
    {
        if (ids.Element != ElementType.Int32)
            throw new InvalidDataException("The ground truth is an .ivecs file.");
        if (scores is not null && (scores.Element != ElementType.Float32 || scores.Count != ids.Count || scores.Dimension != ids.Dimension))
            throw new InvalidDataException("The scores are an .fvecs file of the same shape as the ground truth.");
        _ids = ids;
        _scores = scores;
    }

    public int Queries => _ids.Count;

    public int Depth => _ids.Dimension;

    public bool HasScores => _scores is not null;

    public static GroundTruth Read(string idsPath, string? scoresPath) =>
        new(TexmexFile.Read(idsPath), scoresPath is null ? null : TexmexFile.Read(scoresPath));

    public ReadOnlySpan<int> Ids(int query) => MemoryMarshal.Cast<byte, int>(_ids.Row(query));

    public ReadOnlySpan<float> Scores(int query) => _scores is null ? [] : MemoryMarshal.Cast<byte, float>(_scores.Row(query));
}
