namespace AnnServer.Engine.Model;

public enum AttributeType
{
    Keyword = 1,
    Int64 = 2,
    Double = 3,
    Bool = 4,
    Timestamp = 5,
    KeywordList = 6,
    Int64List = 7,
    GeoPoint = 8,

    /// <summary>A string that is indexed by its tokens.</summary>
    Text = 9,
}
