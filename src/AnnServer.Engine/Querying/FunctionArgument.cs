namespace AnnServer.Engine.Querying;

/// <summary>An argument of a function that is a condition.</summary>
/// <param name="Word">As it is written, where it stands without quotes.</param>
/// <param name="Quoted">The string, where it stands in quotes.</param>
/// <param name="Offset">Where it stands in the expression.</param>
internal sealed record FunctionArgument(string? Word, QuotedText? Quoted, int Offset);
