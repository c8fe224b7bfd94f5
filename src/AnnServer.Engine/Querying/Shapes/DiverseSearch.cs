using System.Buffers;
using System.Numerics.Tensors;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>Chooses results by maximal marginal relevance; see <see cref="Diversity"/>.</summary>
internal sealed class DiverseSearch(SearchExecutor executor, CollectionData data, CollectionConfig config, SearchScratch scratch)
{
    /// <summary>Candidates for each result where nobody said how many.</summary>
    public const int CandidatesPerResult = 4;

    public static SearchQuery First(SearchQuery query, int candidates) => query with { K = candidates, Diversity = null };

    public SearchReport Run(
        SearchQuery query, Diversity diversity, int candidates, FilterState filter, out List<Pick> picks, CancellationToken cancellation)
    {
        SearchReport report = executor.Run(First(query, candidates), filter, config, scratch, cancellation);
        List<Candidate> nearest = [];
        while (nearest.Count < Math.Min(candidates, scratch.ResultCount) && IsWithin(query, scratch.Result(nearest.Count)))
        {
            nearest.Add(scratch.Result(nearest.Count));
        }

        float[] vectors = ArrayPool<float>.Shared.Rent(Math.Max(1, nearest.Count * config.Dimension));
        for (int i = 0; i < nearest.Count; i++)
        {
            CopyVector(nearest[i].Ordinal, vectors.AsSpan(i * config.Dimension, config.Dimension));
        }

        picks = Choose(nearest, vectors, query.K, diversity.Lambda, cancellation);
        ArrayPool<float>.Shared.Return(vectors);
        return report with { DistanceComputations = report.DistanceComputations + ((long)picks.Count * nearest.Count) };
    }

    private List<Pick> Choose(List<Candidate> nearest, float[] vectors, int k, double lambda, CancellationToken cancellation)
    {
        List<Pick> picks = [];
        bool[] isTaken = new bool[nearest.Count];
        double[] likeness = new double[nearest.Count];
        Array.Fill(likeness, double.NegativeInfinity);
        while (picks.Count < Math.Min(k, nearest.Count))
        {
            cancellation.ThrowIfCancellationRequested();
            int best = -1;
            double greatest = double.NegativeInfinity;
            // The first is the nearest, however little relevance counts.
            for (int i = 0; i < (picks.Count == 0 ? 1 : nearest.Count); i++)
            {
                double value = picks.Count == 0 ? 0 : (lambda * Relevance(nearest[i])) - ((1 - lambda) * likeness[i]);
                if (!isTaken[i] && (best < 0 || value > greatest))
                {
                    (best, greatest) = (i, value);
                }
            }

            isTaken[best] = true;
            picks.Add(new Pick(nearest[best], default));
            for (int i = 0; i < nearest.Count; i++)
            {
                likeness[i] = Math.Max(likeness[i], Similarity(Row(vectors, i), Row(vectors, best)));
            }
        }

        return picks;
    }

    // Under the cosine of length 1, so that inner products of them are the similarities.
    private void CopyVector(uint ordinal, Span<float> vector)
    {
        data.Index.CopyVector(ordinal, vector);
        if (config.Metric == Metric.Cosine)
        {
            TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        }
    }

    private ReadOnlySpan<float> Row(float[] vectors, int index) => vectors.AsSpan(index * config.Dimension, config.Dimension);

    private double Similarity(ReadOnlySpan<float> left, ReadOnlySpan<float> right) => config.Metric == Metric.L2
        ? -TensorPrimitives.Distance(left, right)
        : TensorPrimitives.Dot(left, right);

    private double Relevance(Candidate candidate)
    {
        float score = CollectionData.ToScore(config.Metric, candidate.Distance);
        return config.Metric == Metric.L2 ? -score : score;
    }

    private bool IsWithin(SearchQuery query, Candidate candidate) => query.ScoreThreshold is not { } threshold
        || !RangePlan.IsBeyond(config.Metric, CollectionData.ToScore(config.Metric, candidate.Distance), threshold);
}
