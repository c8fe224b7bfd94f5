namespace AnnServer.LoadGen.Reports;

/// <summary>Filtered recall by slices of the pairs: all, by selectivity, by group.</summary>
internal sealed record FilteredReport(
    string Effort,
    string Form,
    IReadOnlyList<FilteredSlice> Slices,
    ulong Loaded,
    IReadOnlyDictionary<string, long> Errors,
    IReadOnlyDictionary<string, string> ErrorDetails);
