namespace AnnServer.LoadGen.Soak;

internal enum OperationKind
{
    Search,
    Filtered,
    Batch,
    Upsert,
    Delete,
    Update,
}
