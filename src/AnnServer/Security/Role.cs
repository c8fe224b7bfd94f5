namespace AnnServer.Security;

/// <summary>What a caller may do; each includes those before it.</summary>
internal enum Role
{
    None,

    /// <summary>Searches, and everything else that changes nothing.</summary>
    Read,

    /// <summary>Points.</summary>
    Write,

    /// <summary>Collections, and the server where it is for all of them.</summary>
    Admin,
}
