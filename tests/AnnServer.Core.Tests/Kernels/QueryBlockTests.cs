using AnnServer.Core.Graph;
using AnnServer.Core.Kernels;

namespace AnnServer.Core.Tests.Kernels;

/// <summary>Blocks of queries against the kernels of one query. Runs again at each narrower register width.</summary>
public sealed unsafe class QueryBlockTests
{
    private const int MaxLength = 1088;

    public static TheoryData<DistanceKind> Kinds { get; } = new(Enum.GetValues<DistanceKind>());

    [Theory]
    [MemberData(nameof(Kinds))]
    public void CodeDistances_EveryLength_AreThoseOfOneQueryToTheBit(DistanceKind kind)
    {
        var random = new Random(1);
        for (int length = CodeKernel.Granularity; length <= MaxLength; length += CodeKernel.Granularity)
        {
            byte[][] queries = [.. Enumerable.Range(0, QueryBlock.Lanes).Select(_ => CodeQuery(Vector(random, length), kind))];
            byte[][] rows = [.. Enumerable.Range(0, 4).Select(_ => CodeRow(Vector(random, length), kind))];
            AssertSame(queries, rows, length, QueryBlock.CodeDistances, CodeKernel.Distance);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NibbleDistances_EveryLength_AreThoseOfOneQueryToTheBit(DistanceKind kind)
    {
        var random = new Random(2);
        for (int length = NibbleKernel.Granularity; length <= MaxLength; length += NibbleKernel.Granularity)
        {
            byte[][] queries = [.. Enumerable.Range(0, QueryBlock.Lanes).Select(_ => NibbleQuery(Vector(random, length), kind))];
            byte[][] rows = [.. Enumerable.Range(0, 4).Select(_ => NibbleRow(Vector(random, length)))];
            AssertSame(queries, rows, length, QueryBlock.NibbleDistances, NibbleKernel.Distance);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void CodeDistances_ExtremeCodes_SumExactly(DistanceKind kind)
    {
        const int Length = 65_536;
        float[] ones = [.. Enumerable.Repeat(1f, Length)];
        float[] minus = [.. Enumerable.Repeat(-1f, Length)];
        byte[][] queries = [.. Enumerable.Range(0, QueryBlock.Lanes).Select(i => CodeQuery(i % 2 == 0 ? ones : minus, kind))];
        byte[] row = CodeRow(ones, kind);
        AssertSame(queries, [row, CodeRow(minus, kind), row, row], Length, QueryBlock.CodeDistances, CodeKernel.Distance);
    }

    private delegate void Block(byte* block, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances);

    private delegate float One(byte* query, byte* row, int length);

    private static void AssertSame(byte[][] queries, byte[][] rows, int length, Block block, One one)
    {
        byte[] side = new byte[QueryBlock.Bytes(length)];
        float[] distances = new float[4 * QueryBlock.Lanes];
        fixed (byte* pointer = side, r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3])
        fixed (float* written = distances)
        {
            for (int lane = 0; lane < queries.Length; lane++)
            {
                fixed (byte* query = queries[lane])
                {
                    QueryBlock.Set(pointer, lane, query, length);
                }
            }

            block(pointer, r0, r1, r2, r3, length, written);
        }

        for (int row = 0; row < rows.Length; row++)
        {
            for (int lane = 0; lane < queries.Length; lane++)
            {
                fixed (byte* query = queries[lane], codes = rows[row])
                {
                    Assert.Equal(one(query, codes, length), distances[(row * QueryBlock.Lanes) + lane]);
                }
            }
        }
    }

    private static float[] Vector(Random random, int length)
    {
        float scale = MathF.Pow(10, random.Next(-4, 5));
        return [.. Enumerable.Range(0, length).Select(_ => scale * (float)((random.NextDouble() * 2) - 1))];
    }

    private static byte[] CodeRow(float[] vector, DistanceKind kind)
    {
        byte[] row = new byte[vector.Length];
        fixed (byte* pointer = row)
        {
            CodeKernel.Encode(vector, kind, pointer, vector.Length);
        }

        return row;
    }

    private static byte[] CodeQuery(float[] vector, DistanceKind kind)
    {
        byte[] query = new byte[CodeKernel.QueryBytes(vector.Length)];
        fixed (byte* row = CodeRow(vector, kind), pointer = query)
        {
            CodeKernel.Prepare(row, kind, pointer, vector.Length);
        }

        return query;
    }

    private static byte[] NibbleRow(float[] vector)
    {
        byte[] row = new byte[NibbleKernel.RowBytes(vector.Length)];
        fixed (byte* pointer = row)
        {
            NibbleKernel.Encode(vector, pointer);
        }

        return row;
    }

    private static byte[] NibbleQuery(float[] vector, DistanceKind kind)
    {
        byte[] query = new byte[NibbleKernel.QueryBytes(vector.Length)];
        fixed (byte* pointer = query)
        {
            NibbleKernel.Prepare(vector, kind, pointer);
        }

        return query;
    }
}
