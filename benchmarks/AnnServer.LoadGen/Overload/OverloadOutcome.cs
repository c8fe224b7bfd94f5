namespace AnnServer.LoadGen.Overload;

/// <summary>What an overload saw.</summary>
/// <param name="Peak">Calls a second that the server answered in a closed loop.</param>
/// <param name="Before">Half of the peak offered.</param>
/// <param name="Beside">The same beside bystanders; empty where there are none.</param>
/// <param name="After">Half of the peak, from the end of the overload on.</param>
/// <param name="Broken">Connections that the server ended.</param>
internal sealed record OverloadOutcome(
    double Peak,
    IReadOnlyList<OverloadSample> Before,
    IReadOnlyList<OverloadSample> Beside,
    IReadOnlyList<OverloadSample> During,
    IReadOnlyList<OverloadSample> After,
    int Broken);
