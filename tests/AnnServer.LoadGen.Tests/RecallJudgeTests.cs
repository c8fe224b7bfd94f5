using System.Runtime.InteropServices;
using AnnServer.LoadGen.Data;

namespace AnnServer.LoadGen.Tests;

public sealed class RecallJudgeTests
{
    // Distances from the query at 0: row i is at i, but rows 2 and 3 tie, and row 5 ties with row 4 beyond the ground truth.
    private static readonly byte[][] BaseRows = [[0], [1], [2], [2], [4], [4]];

    [Fact]
    public void CountRight_TrueNeighbours_AreRight()
    {
        Assert.Equal(3, Judge(withScores: false).CountRight(0, [2, 0, 1], 3));
    }

    [Fact]
    public void CountRight_TieInsideTheGroundTruth_IsRightOnlyWithScores()
    {
        Assert.Equal(3, Judge(withScores: true).CountRight(0, [0, 1, 3], 3));
        Assert.Equal(2, Judge(withScores: false).CountRight(0, [0, 1, 3], 3));
    }

    [Fact]
    public void CountRight_TieBeyondTheGroundTruth_IsFoundInTheBase()
    {
        Assert.Equal(5, Judge(withScores: true).CountRight(0, [0, 1, 2, 3, 5], 5));
    }

    [Fact]
    public void CountRight_FartherPoint_IsWrong()
    {
        Assert.Equal(1, Judge(withScores: true).CountRight(0, [0, 4, 5], 3));
    }

    [Fact]
    public void CountRight_RepeatedResult_CountsOnce()
    {
        Assert.Equal(1, Judge(withScores: true).CountRight(0, [0, 0, 0], 3));
    }

    [Fact]
    public void CountRight_UnknownIdentifier_IsWrong()
    {
        Assert.Equal(0, Judge(withScores: true).CountRight(0, [99, ulong.MaxValue], 3));
    }

    [Fact]
    public void CountRight_DeeperThanTheGroundTruth_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Judge(withScores: true).CountRight(0, [0], 6));
    }

    private static RecallJudge Judge(bool withScores)
    {
        TexmexFile ids = TexmexFile.Parse(Encode([0, 1, 2, 3, 4]), ElementType.Int32, "gt");
        TexmexFile scores = TexmexFile.Parse(Encode([0f, 1f, 4f, 4f, 16f]), ElementType.Float32, "scores");
        VectorFile queries = new(TexmexFile.Parse(VectorFileTests.Rows([[0]]), ElementType.UInt8, "query"));
        VectorFile baseVectors = new(TexmexFile.Parse(VectorFileTests.Rows(BaseRows), ElementType.UInt8, "base"));
        return new RecallJudge(new GroundTruth(ids, withScores ? scores : null), ScoreKind.SquaredDistance, queries, baseVectors);
    }

    private static byte[] Encode<T>(T[] row)
        where T : unmanaged
    {
        return VectorFileTests.Row(row.Length, MemoryMarshal.AsBytes<T>(row).ToArray());
    }
}
