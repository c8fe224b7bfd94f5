using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Turns a filter as the caller wrote it into the canonical predicate that is evaluated.</summary>
internal static class FilterCompiler
{
    /// <summary>False when there was a fault. No predicate means all points; a blank expression says the same.</summary>
    public static bool TryCompile(
        FilterSpec spec, IReadOnlyList<AttributeSchema> schemas, EngineLimits limits, Faults faults, out Predicate? canonical)
    {
        canonical = null;
        if (spec.IsNone)
        {
            return true;
        }

        if (spec is { Expression: not null, Predicate: not null })
        {
            faults.Add("filter", "it has both an expression and a predicate");
            return false;
        }

        Predicate? written = spec.Predicate;
        FilterLocation? location = new(Columns: null);
        if (spec.Expression is not null)
        {
            if (string.IsNullOrWhiteSpace(spec.Expression))
            {
                return true;
            }

            if (!FilterParser.TryParse(spec.Expression, limits, faults, out written, out location))
            {
                return false;
            }
        }

        canonical = new FilterBinder(schemas, limits, location, faults).Bind(written!);
        return canonical is not null;
    }
}
