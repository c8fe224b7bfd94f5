namespace AnnServer.Engine.Querying;

/// <summary>How many of the tokens a text has to have.</summary>
public enum TextMatchMode
{
    All = 1,
    Any = 2,
}
