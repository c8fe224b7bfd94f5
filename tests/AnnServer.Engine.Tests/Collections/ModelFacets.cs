using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>What facets have to be, said anew: every matching point and each of its values counted in a dictionary.</summary>
internal static class ModelFacets
{
    public static void AssertFacets(
        IEnumerable<IReadOnlyDictionary<string, AttributeValue>> matching, Collection collection, FacetQuery query)
    {
        IReadOnlyDictionary<string, AttributeValue>[] points = [.. matching];
        EngineResult<FacetAnswer> answer = collection.Facets(query, new Faults(), TestContext.Current.CancellationToken);

        Assert.Null(answer.Error);
        Assert.Equal(points.Length, answer.Value.Matching);
        Assert.Equal(query.Facets.Select(facet => facet.Attribute), answer.Value.Facets.Select(facet => facet.Attribute));
        foreach ((FacetSpec asked, Facet facet) in query.Facets.Zip(answer.Value.Facets))
        {
            (List<FacetValue> all, int having) = Count(points, asked.Attribute);
            Assert.Equal(having, facet.Points);
            Assert.Equal(all.Count, facet.DistinctValues);
            Assert.Equal(all.Take(asked.Limit ?? 10), facet.Values);
        }
    }

    private static (List<FacetValue> Values, int Having) Count(IReadOnlyDictionary<string, AttributeValue>[] points, string attribute)
    {
        Dictionary<AttributeValue, int> counts = [];
        int having = 0;
        foreach (IReadOnlyDictionary<string, AttributeValue> point in points)
        {
            if (point.TryGetValue(attribute, out AttributeValue value))
            {
                having++;
                foreach (AttributeValue element in Elements(value).Distinct())
                {
                    counts[element] = counts.GetValueOrDefault(element) + 1;
                }
            }
        }

        List<FacetValue> values = [.. counts.Select(entry => new FacetValue(entry.Key, entry.Value))];
        values.Sort((a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : Compare(a.Value, b.Value));
        return (values, having);
    }

    private static IEnumerable<AttributeValue> Elements(AttributeValue value) => value.Kind switch
    {
        AttributeKind.StringList => value.AsStringList().Select(AttributeValue.Of),
        AttributeKind.Int64List => value.AsInt64List().Select(AttributeValue.Of),
        _ => [value],
    };

    private static int Compare(AttributeValue a, AttributeValue b) => a.Kind switch
    {
        AttributeKind.String => Encoding.UTF8.GetBytes(a.AsString()).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b.AsString())),
        AttributeKind.Int64 => a.AsInt64().CompareTo(b.AsInt64()),
        _ => a.AsBool().CompareTo(b.AsBool()),
    };
}
