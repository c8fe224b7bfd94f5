namespace AnnServer.Engine.Querying;

/// <summary>A string in quotes, read.</summary>
/// <param name="Text">Without quotes and escapes.</param>
/// <param name="Wildcards">Where in the text stars stand that were not escaped, ascending.</param>
/// <param name="Offset">Where it stands in the expression.</param>
internal sealed record QuotedText(string Text, IReadOnlyList<int> Wildcards, int Offset);
