using System.Globalization;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Queries;

/// <summary>How hard the server is to look: an ef, a recall, exactly, or its default.</summary>
internal readonly record struct Effort(uint Ef, bool Exact, double Recall = 0)
{
    public string Name => Exact ? "exact" : Ef > 0 ? $"ef {Ef}" : Recall > 0 ? string.Create(CultureInfo.InvariantCulture, $"recall {Recall}") : "default";

    public void Apply(SearchRequest request)
    {
        if (Exact)
            request.Exact = true;
        else if (Ef > 0)
            request.Ef = Ef;
        else if (Recall > 0)
            request.RecallTarget = Recall;
    }

    /// <summary>
    /// The efforts of a command line: every ef and every recall of the lists, then exact where asked; the default where none is given.
    /// </summary>
    public static IReadOnlyList<Effort> Parse(string? efs, string? recalls, bool exact)
    {
        List<Effort> efforts = [];
        foreach (string ef in Split(efs))
            efforts.Add(new Effort(uint.Parse(ef, CultureInfo.InvariantCulture), Exact: false));
        foreach (string recall in Split(recalls))
            efforts.Add(new Effort(0, Exact: false, double.Parse(recall, CultureInfo.InvariantCulture)));
        if (exact)
            efforts.Add(new Effort(0, Exact: true));
        if (efforts.Count == 0)
            efforts.Add(default);
        return efforts;
    }

    private static string[] Split(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
