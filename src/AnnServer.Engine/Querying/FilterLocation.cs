using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Where in a request the nodes of a filter stand: at columns of an expression, or at paths of a tree.</summary>
/// <param name="Columns">Columns of an expression's leaves, by reference; null for a tree.</param>
internal sealed record FilterLocation(IReadOnlyDictionary<Predicate, int>? Columns)
{
    public const string ExpressionField = "filter.expression";
    public const string TreeField = "filter.predicate";

    /// <summary>Reports a fault of the node at the path; the field is the part of the node that is wrong, where it is written as a tree.</summary>
    public void Report(Faults faults, Predicate node, string path, string field, string description)
    {
        if (Columns is null)
        {
            faults.Add(path + field, description);
        }
        else if (Columns.TryGetValue(node, out int column))
        {
            faults.AddAnother(ExpressionField, $"column {column}: {description}");
        }
        else
        {
            faults.Add(ExpressionField, description);
        }
    }
}
