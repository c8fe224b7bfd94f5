namespace AnnServer.Engine.Tests.Differential;

/// <summary>What a differential run does, in the order of its report.</summary>
internal enum OperationKind
{
    UpsertOne,
    UpsertMany,
    UpsertRefused,
    DeleteIds,
    DeleteMatching,
    UpdateAttributes,
    Get,
    Count,
    Scroll,
    Facets,
    Sample,
    ExactSearch,
    GraphSearch,
    FilteredGraphSearch,
    SearchBatch,
    ChangeSchema,
    CreateCollection,
    DropCollection,
    Checkpoint,
    Backup,
    Reopen,
    Crash,
    Restore,
}
