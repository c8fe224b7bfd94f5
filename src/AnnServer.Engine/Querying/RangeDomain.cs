namespace AnnServer.Engine.Querying;

/// <summary>What the bounds of a range are; values of other domains lie outside it.</summary>
internal enum RangeDomain
{
    None,
    Number,
    Timestamp,
    String,
}
