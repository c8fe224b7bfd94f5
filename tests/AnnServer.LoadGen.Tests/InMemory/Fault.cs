namespace AnnServer.LoadGen.Tests.InMemory;

/// <summary>Ways in which the server in memory can be wrong, to prove that the load generator notices.</summary>
internal enum Fault
{
    None,
    ReturnsDeletedPoints,
    ForgetsAttributeUpdates,
    IgnoresFilters,
    ReturnsTooFew,
    MisordersExactAnswers,
    CountsTooMany,
    RefusesSearches,
    IsBusyAtFirst,
    IsFull,
    LosesUpserts,
}
