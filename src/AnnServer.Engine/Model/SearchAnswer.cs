namespace AnnServer.Engine.Model;

public sealed record SearchAnswer(IReadOnlyList<SearchHit> Hits, SearchReport Report);
