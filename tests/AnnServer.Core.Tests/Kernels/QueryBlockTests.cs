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
            AssertSame(queries, rows, length, QueryBlock.SetCodeTerms, QueryBlock.CodeDistances, CodeKernel.Distance);
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
            AssertSame(queries, rows, length, QueryBlock.SetNibbleTerms, QueryBlock.NibbleDistances, NibbleKernel.Distance);
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
        AssertSame(queries, [row, CodeRow(minus, kind), row, row], Length, QueryBlock.SetCodeTerms, QueryBlock.CodeDistances, CodeKernel.Distance);
    }

    /// <summary>With what is in the block already: of the other lanes nothing is promised.</summary>
    [Fact]
    public void Set_ManyAtOnce_WritesWhatOneByOneDoes()
    {
        const int Length = 3 * CodeKernel.Granularity;
        var random = new Random(3);
        byte[][] queries = [.. Enumerable.Range(0, QueryBlock.Lanes).Select(_ => CodeQuery(Vector(random, Length), DistanceKind.SquaredEuclidean))];
        byte[] rows = [.. queries.SelectMany(static query => query)];
        byte** pointers = stackalloc byte*[QueryBlock.Lanes];
        for (int lanes = 1; lanes <= QueryBlock.Lanes; lanes++)
        {
            byte[] together = new byte[QueryBlock.Bytes(Length)];
            byte[] each = new byte[QueryBlock.Bytes(Length)];
            fixed (byte* row = rows, written = together, expected = each)
            {
                for (int lane = 0; lane < lanes; lane++)
                {
                    pointers[lane] = row + (lane * CodeKernel.QueryBytes(Length));
                    QueryBlock.Set(expected, lane, pointers[lane], Length);
                }

                QueryBlock.Set(written, pointers, lanes, Length);
            }

            for (int i = 0; i < each.Length; i++)
            {
                Assert.True(i / 4 % QueryBlock.Lanes >= lanes || together[i] == each[i], $"byte {i} of {lanes} lanes");
            }
        }
    }

    private delegate void Terms(byte* block, RowGroup* rows, int length);

    private delegate void Block(byte* block, RowGroup* rows, int length, float* distances);

    private delegate float One(byte* query, byte* row, int length);

    private static void AssertSame(byte[][] queries, byte[][] rows, int length, Terms terms, Block block, One one)
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

            RowGroup group = default;
            group[0] = r0;
            group[1] = r1;
            group[2] = r2;
            group[3] = r3;
            terms(pointer, &group, length);
            block(pointer, &group, length, written);
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
