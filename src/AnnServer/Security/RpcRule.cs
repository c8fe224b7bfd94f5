namespace AnnServer.Security;

/// <summary>What it takes to call an RPC.</summary>
internal readonly record struct RpcRule(Role Role, RpcScope Scope);
