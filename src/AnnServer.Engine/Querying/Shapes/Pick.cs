using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>One result of a search whose results are not simply the nearest.</summary>
/// <param name="Group">The value that its group has in common; no value where there are no groups.</param>
internal readonly record struct Pick(Candidate Candidate, AttributeValue Group);
