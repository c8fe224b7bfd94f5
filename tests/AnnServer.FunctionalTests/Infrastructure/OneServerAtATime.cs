namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>
/// Tests that read a gauge of their server. Those of all servers in a process have the same name, and the one made last is reported, so
/// that no other server may be started beside these.
/// </summary>
[CollectionDefinition(nameof(OneServerAtATime), DisableParallelization = true)]
public sealed class OneServerAtATime;
