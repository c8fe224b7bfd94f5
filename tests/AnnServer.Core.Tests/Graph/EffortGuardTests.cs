using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>
/// What a search costs, in distances and not in time, and what a vector costs, in bytes: on real word vectors with fixed parameters
/// both are the same on every machine but for the last bits of floats. Whoever moves a figure on purpose writes the new one here
/// and says why in the change.
/// </summary>
public sealed class EffortGuardTests : IClassFixture<EffortGuardTests.Built>
{
    // One word in so many is a query.
    private const int HeldOut = 40;

    private readonly Built _built;

    public EffortGuardTests(Built built) => _built = built;

    [Theory]
    [InlineData(CodeKind.None, 0.95, 340.2)]
    [InlineData(CodeKind.None, 0.99, 570.4)]
    [InlineData(CodeKind.Int8, 0.95, 351.8)]
    [InlineData(CodeKind.Int8, 0.99, 590.7)]
    [InlineData(CodeKind.Int4, 0.95, 358.8)]
    [InlineData(CodeKind.Int4, 0.99, 588.7)]
    public void Search_AtARecall_ComputesAsManyDistancesAsItDid(CodeKind codes, double recall, double expected)
    {
        double distances = DistancesAt(_built.Of(codes), recall);

        Assert.InRange(distances, 0.97 * expected, 1.03 * expected);
    }

    [Theory]
    [InlineData(CodeKind.None, 826.8)]
    [InlineData(CodeKind.Int8, 988.1)]
    [InlineData(CodeKind.Int4, 907.4)]
    public void Memory_OfAFixedSet_IsAsManyBytesAVectorAsItWas(CodeKind codes, double expected)
    {
        VectorIndex index = _built.Of(codes).Index;

        Assert.Equal(expected, (index.VectorMemoryBytes + index.CodeMemoryBytes + index.LinkMemoryBytes) / (double)index.LiveCount, 1.0);
    }

    /// <summary>Distances of a query on average at a recall, between the two ef that bracket it.</summary>
    private double DistancesAt(TestIndex index, double wanted)
    {
        (double Recall, double Distances) below = (0, 0);
        for (int ef = 10; ef <= 400; ef += ef < 40 ? 2 : 10)
        {
            (double Recall, double Distances) at = Measure(index, ef);
            if (at.Recall >= wanted)
            {
                double share = (wanted - below.Recall) / (at.Recall - below.Recall);
                return below.Distances + (share * (at.Distances - below.Distances));
            }

            below = at;
        }

        throw new InvalidOperationException($"Recall {wanted} is not reached; the last was {below.Recall}.");
    }

    private (double Recall, double Distances) Measure(TestIndex index, int ef)
    {
        long distances = 0;
        int right = 0;
        using ScratchPool.Scope scope = index.Scratches.Rent();
        for (int i = 0; i < _built.Queries.Length; i++)
        {
            scope.Scratch.ResetCounters();
            index.Index.Search(_built.Queries[i], new SearchEffort(10, ef), null, scope.Scratch, TestContext.Current.CancellationToken);
            distances += scope.Scratch.DistanceComputations;
            for (int hit = 0; hit < Math.Min(10, scope.Scratch.ResultCount); hit++)
            {
                right += _built.Truth[i].Contains(scope.Scratch.Result(hit).Ordinal) ? 1 : 0;
            }
        }

        return (right / (10.0 * _built.Queries.Length), distances / (double)_built.Queries.Length);
    }

    public sealed class Built : IDisposable
    {
        private readonly TestIndex[] _indexes;

        public Built()
        {
            float[][] words = ReadWords();
            Queries = [.. words.Where((_, i) => i % HeldOut == 0)];
            float[][] vectors = [.. words.Where((_, i) => i % HeldOut != 0)];
            _indexes = [.. Enum.GetValues<CodeKind>().Select(codes => TestIndex.Build(vectors, DistanceKind.NegativeCosine, m: 16, codes: codes))];
            Truth = [.. Queries.Select(query => Oracle.Nearest(DistanceKind.NegativeCosine, _indexes[0].Points, query, 10)
                .Select(nearest => nearest.Ordinal).ToHashSet())];
        }

        internal float[][] Queries { get; }

        internal HashSet<uint>[] Truth { get; }

        internal TestIndex Of(CodeKind codes) => _indexes[(int)codes];

        // Each row is a dimension and that many halves.
        private static float[][] ReadWords()
        {
            using var reader = new BinaryReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "words.f16vecs")));
            var words = new List<float[]>();
            while (reader.BaseStream.Position < reader.BaseStream.Length)
            {
                float[] word = new float[reader.ReadInt32()];
                for (int i = 0; i < word.Length; i++)
                {
                    word[i] = (float)reader.ReadHalf();
                }

                words.Add(word);
            }

            return [.. words];
        }

        public void Dispose()
        {
            foreach (TestIndex index in _indexes)
            {
                index.Dispose();
            }
        }
    }
}
