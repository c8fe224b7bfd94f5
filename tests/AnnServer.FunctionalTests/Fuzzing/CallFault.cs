namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>What is wrong, or may be, with a call around its message.</summary>
[Flags]
internal enum CallFault
{
    None = 0,

    /// <summary>Prefixes that lie about length or compression, messages cut short, missing, or more than there may be.</summary>
    Framing = 1,

    /// <summary>A deadline that is none, or that passes at once.</summary>
    Timeout = 2,

    /// <summary>Headers that are too many, too long, or no text.</summary>
    Headers = 4,

    ContentType = 8,

    /// <summary>A path that is none of a method.</summary>
    Path = 16,

    /// <summary>Another method of HTTP than POST.</summary>
    Verb = 32,
}
