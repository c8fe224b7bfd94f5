using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>Searches whose results are not simply the nearest: made of one or several that are.</summary>
internal sealed class ShapedSearch(SearchExecutor executor, CollectionData data, CollectionContext context, PointReader reader)
{
    public SearchReport Run(
        SearchQuery query,
        FilterState filter,
        CollectionConfig config,
        SearchScratch scratch,
        out List<Pick> picks,
        CancellationToken cancellation) => query.GroupBy is { } groups
            ? new GroupedSearch(executor, data, reader, config, scratch).Run(query, groups, filter, out picks, cancellation)
            : new DiverseSearch(executor, data, config, scratch).Run(
                query, query.Diversity!, CandidatesOf(query, query.Diversity!), filter, out picks, cancellation);

    /// <summary>Distances that it may have to compute; the filter has been evaluated.</summary>
    public long Estimate(SearchQuery query, FilterState filter, CollectionConfig config)
    {
        if (query.GroupBy is { } groups)
        {
            // In the worst case every match is looked at for one more group; without an index, every point.
            long first = executor.Plan(GroupedSearch.First(query, groups), filter, config, out int live, out int matching).Distances;
            bool isIndexed = config.Attributes.Any(schema => schema.Name == groups.Attribute);
            return Math.Max(first, isIndexed ? matching : live);
        }

        int candidates = CandidatesOf(query, query.Diversity!);
        return executor.Plan(DiverseSearch.First(query, candidates), filter, config, out _, out _).Distances
            + ((long)query.K * Math.Min(candidates, data.Index.LiveCount));
    }

    private int CandidatesOf(SearchQuery query, Diversity diversity) => diversity.Candidates
        ?? (int)Math.Min(Math.Max(query.K, context.Limits.MaxDiversityCandidates), (long)query.K * DiverseSearch.CandidatesPerResult);
}
