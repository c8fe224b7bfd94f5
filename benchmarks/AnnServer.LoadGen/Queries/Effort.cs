using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Queries;

/// <summary>How hard the server is to look: an ef, exactly, or its default.</summary>
internal readonly record struct Effort(uint Ef, bool Exact)
{
    public string Name => Exact ? "exact" : Ef == 0 ? "default" : $"ef {Ef}";

    public void Apply(SearchRequest request)
    {
        if (Exact)
            request.Exact = true;
        else if (Ef > 0)
            request.Ef = Ef;
    }

    /// <summary>The efforts of a command line: every ef of the list, then exact where asked; the default where neither is given.</summary>
    public static IReadOnlyList<Effort> Parse(string? efs, bool exact)
    {
        List<Effort> efforts = [];
        foreach (string ef in (efs ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            efforts.Add(new Effort(uint.Parse(ef), Exact: false));
        if (exact)
            efforts.Add(new Effort(0, Exact: true));
        if (efforts.Count == 0)
            efforts.Add(default);
        return efforts;
    }
}
