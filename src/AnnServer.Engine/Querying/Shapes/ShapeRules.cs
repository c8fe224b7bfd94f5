using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>What groups and diversity may be asked for. Adds every fault.</summary>
internal static class ShapeRules
{
    public static void Check(SearchQuery query, CollectionConfig config, EngineLimits limits, Faults faults)
    {
        if (query.GroupBy is { } groups)
        {
            Check(groups, query.K, config, limits, faults);
        }

        if (query.Diversity is { } diversity)
        {
            Check(diversity, query.K, limits, faults);
            if (query.GroupBy is not null)
            {
                faults.Add("diversity", "cannot be combined with group_by; leave out one of them");
            }
        }
    }

    private static void Check(GroupBy groups, int k, CollectionConfig config, EngineLimits limits, Faults faults)
    {
        using Faults.Scope path = faults.Within("group_by");
        if (groups.Attribute.Length == 0)
        {
            faults.Add("attribute", "is missing; name the attribute to group by");
        }
        else if (!AttributeNames.IsValid(groups.Attribute))
        {
            faults.Add("attribute", AttributeNames.Rule);
        }

        foreach (AttributeSchema declared in config.Attributes)
        {
            if (declared.Name == groups.Attribute
                && declared.Type is AttributeType.KeywordList or AttributeType.Int64List or AttributeType.GeoPoint)
            {
                faults.Add("attribute", $"{declared.Name} is declared {TypeNames.Of(declared.Type)}; group by an attribute with one value a point");
            }
        }

        if (groups.Size < 1 || groups.Size > limits.MaxGroupSize)
        {
            faults.Add("group_size", $"is {groups.Size}; 1 to {limits.MaxGroupSize} are allowed");
        }
        else if ((long)groups.Size * k > limits.MaxK)
        {
            faults.Add("group_size", $"times k is {(long)groups.Size * k}; up to {limits.MaxK} results are allowed in all");
        }
    }

    private static void Check(Diversity diversity, int k, EngineLimits limits, Faults faults)
    {
        using Faults.Scope path = faults.Within("diversity");
        if (!(diversity.Lambda >= 0 && diversity.Lambda <= 1))
        {
            faults.Add("lambda", $"is {diversity.Lambda}; 0 to 1 is allowed");
        }

        if (diversity.Candidates is { } candidates && (candidates < k || candidates > limits.MaxDiversityCandidates))
        {
            faults.Add("candidates", $"is {candidates}; k, which is {k}, to {limits.MaxDiversityCandidates} are allowed");
        }
        else if (diversity.Candidates is null && k > limits.MaxDiversityCandidates)
        {
            faults.Add("candidates", $"would be k, which is {k}; up to {limits.MaxDiversityCandidates} are allowed");
        }
    }
}
