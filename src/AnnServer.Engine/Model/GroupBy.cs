namespace AnnServer.Engine.Model;

/// <summary>
/// Results by the value of an attribute: <see cref="SearchQuery.K"/> groups in the order of their best, of each its best. Values are the same
/// where a filter would say so. Points without a value, or with a list or a place, are in no group.
/// </summary>
/// <param name="Size">Results of a group at most, 1 to the configured limit.</param>
public sealed record GroupBy(string Attribute, int Size = 1);
