namespace AnnServer.Security;

/// <summary>Where the role of an RPC is needed.</summary>
internal enum RpcScope
{
    /// <summary>In the collection that each message names.</summary>
    Named,

    /// <summary>In some collection; the answer is about those that the caller may see.</summary>
    Any,

    /// <summary>In all: the call is about the server.</summary>
    All,
}
