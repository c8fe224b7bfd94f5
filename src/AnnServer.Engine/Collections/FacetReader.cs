using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Attributes.Facets;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections;

/// <summary>Counts the values of attributes among the points that satisfy a filter.</summary>
internal sealed class FacetReader(CollectionData data, CollectionContext context, PointReader reader)
{
    private const int PointsPerCancellationCheck = 4096;

    // Counts that an attribute update has spoilt are made again, the last time while writers wait.
    private const int MaxAttempts = 4;

    public EngineResult<FacetAnswer> Count(FacetQuery query, Faults faults, CancellationToken cancellation)
    {
        Check(query, faults);
        FilterCompiler.TryCompile(query.Filter, data.Config.Attributes, context.Limits, faults, out Predicate? predicate);
        if (faults.Any)
        {
            return faults.ToError();
        }

        if (context.CheckFence(query.ReadAfter) is { } behind)
        {
            return behind;
        }

        using ScratchPool.Scope scope = context.Scratches.Rent();
        if (data.IsDropped)
        {
            return Catalog.NotFound(data.Config.Name);
        }

        for (int attempt = 1; attempt < MaxAttempts; attempt++)
        {
            if (TryCount(query, predicate, faults, cancellation, out EngineResult<FacetAnswer> answer))
            {
                return answer;
            }
        }

        lock (data.CommitLock)
        {
            TryCount(query, predicate, faults, cancellation, out EngineResult<FacetAnswer> answer);
            return answer;
        }
    }

    private void Check(FacetQuery query, Faults faults)
    {
        if (query.Facets.Count == 0)
        {
            faults.Add("facets", "is empty; name at least one attribute");
        }
        else if (query.Facets.Count > context.Limits.MaxFacets)
        {
            faults.Add("facets", $"there are {query.Facets.Count} of them; the limit is {context.Limits.MaxFacets} (MaxFacets)");
            return;
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < query.Facets.Count; i++)
        {
            using Faults.Scope path = faults.Within("facets", i);
            (string name, int? limit) = query.Facets[i];
            if (limit is { } asked && (asked < 1 || asked > context.Limits.MaxFacetValues))
            {
                faults.Add("limit", $"is {asked}; 1 to {context.Limits.MaxFacetValues} are allowed (MaxFacetValues)");
            }

            AttributeSchema? declared = data.Config.Attributes.FirstOrDefault(schema => schema.Name == name);
            if (declared is null)
            {
                AddNotIndexed(name, faults);
            }
            else if (!AttributeIndex.HasFacets(declared.Type))
            {
                faults.Add(
                    "attribute",
                    $"{name} is indexed as {TypeNames.Of(declared.Type)}; values are counted of KEYWORD, KEYWORD_LIST, BOOL, INT64 and INT64_LIST");
            }
            else if (!names.Add(name))
            {
                faults.Add("attribute", $"{name} is named before");
            }
        }
    }

    private static void AddNotIndexed(string name, Faults faults) =>
        faults.Add("attribute", name.Length == 0 ? "is empty; name an indexed attribute" : $"\"{name}\" is not an indexed attribute");

    // False where a matching point got other attributes meanwhile, which the filter has not seen. Points that are replaced or deleted
    // keep theirs for as long as this reads them.
    private bool TryCount(
        FacetQuery query, Predicate? predicate, Faults faults, CancellationToken cancellation, out EngineResult<FacetAnswer> answer)
    {
        long version = data.Attributes.Version;
        long revision = data.Revision;
        OrdinalBitmap matching = predicate is null ? reader.Live() : reader.Matching(predicate, cancellation);
        long count = matching.Count();
        FacetCounter[] counters = Begin(query, matching.Length, count, faults, out List<FacetCounter> byIndex, out List<FacetCounter> byPoint);
        if (faults.Any)
        {
            reader.Return(matching);
            answer = faults.ToError();
            return true;
        }

        foreach (FacetCounter counter in byIndex)
        {
            CountByIndex(counter, matching, cancellation);
        }

        if (byPoint.Count > 0)
        {
            CountByPoint(byPoint, matching, cancellation);
        }

        // Writes come fast enough to outrun what is remembered of them; new points change no revision.
        bool isSound = data.Attributes.IsUnchangedSince(version, matching) || data.IsUnchangedSince(revision);
        reader.Return(matching);
        answer = isSound ? ToAnswer(counters, count) : default;
        return isSound;
    }

    private FacetCounter[] Begin(
        FacetQuery query, int length, long matching, Faults faults, out List<FacetCounter> byIndex, out List<FacetCounter> byPoint)
    {
        byIndex = [];
        byPoint = [];
        FacetCounter[] counters = new FacetCounter[query.Facets.Count];
        using AttributeTable.Reading reading = data.Attributes.Read();
        for (int i = 0; i < counters.Length; i++)
        {
            FacetSpec facet = query.Facets[i];
            if (reading.Find(facet.Attribute)?.CountFacet(facet.Limit ?? FacetQuery.DefaultLimit) is { } counter)
            {
                counters[i] = counter;
                (counter.CostOfIndex(length) <= counter.CostOfPoints(matching) ? byIndex : byPoint).Add(counter);
            }
            else
            {
                // The indexes have changed since the query was checked.
                using Faults.Scope path = faults.Within("facets", i);
                AddNotIndexed(facet.Attribute, faults);
            }
        }

        return counters;
    }

    private void CountByIndex(FacetCounter counter, OrdinalBitmap matching, CancellationToken cancellation)
    {
        bool goesOn = true;
        while (goesOn)
        {
            cancellation.ThrowIfCancellationRequested();
            using AttributeTable.Reading reading = data.Attributes.Read();
            goesOn = counter.CountSome(matching);
        }
    }

    private void CountByPoint(List<FacetCounter> counters, OrdinalBitmap matching, CancellationToken cancellation)
    {
        int untilCheck = 0;
        foreach (uint ordinal in matching)
        {
            if (untilCheck-- == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                untilCheck = PointsPerCancellationCheck;
            }

            if (data.Attributes.Get(ordinal) is { } blob)
            {
                foreach (FacetCounter counter in counters)
                {
                    counter.CountPoint(ordinal, blob);
                }
            }
        }
    }

    private EngineResult<FacetAnswer> ToAnswer(FacetCounter[] counters, long matching)
    {
        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        Facet[] facets = new Facet[counters.Length];
        for (int i = 0; i < facets.Length; i++)
        {
            facets[i] = counters[i].ToFacet();
            foreach (FacetValue value in facets[i].Values)
            {
                if (!size.TryAdd(value.Value))
                {
                    return size.ToError($"facets[{i}].limit", "ask for fewer values");
                }
            }
        }

        return new FacetAnswer(facets, matching);
    }
}
