namespace AnnServer.LoadGen.Queries;

internal enum QueryMode
{
    Unary,
    Batch,
    Stream,
}
