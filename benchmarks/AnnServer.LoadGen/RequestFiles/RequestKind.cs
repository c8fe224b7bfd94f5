namespace AnnServer.LoadGen.RequestFiles;

internal enum RequestKind
{
    Search,
    Batch,
    Upsert,
}
