namespace AnnServer.CrashTests.Corruption;

/// <summary>What came of opening a damaged folder.</summary>
internal enum Outcome
{
    /// <summary>Found, and refused with a message that names the place.</summary>
    Refused,

    /// <summary>Served as it must be, by way of another checkpoint or more of the log than without the damage.</summary>
    Repaired,

    /// <summary>Some collections are said to be damaged; the others are served as they must be.</summary>
    Confined,

    /// <summary>Served without the last commits, which the damage has hit, in a folder whose process was killed.</summary>
    TakenForTorn,

    /// <summary>Served as if nothing had happened.</summary>
    NoEffect,

    /// <summary>Anything else.</summary>
    Forbidden,
}
