namespace AnnServer.Engine.Querying;

internal enum LeafShape
{
    Exists,
    In,
    Range,
    Prefix,
    Text,
    Area,
}
