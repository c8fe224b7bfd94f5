using AnnServer.FunctionalTests.Infrastructure;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>A server that speaks JSON, and asks nobody who they are.</summary>
public sealed class JsonServer : ServerFixture
{
    public JsonServer() => Settings = ["--Ann:JsonEnabled=true"];
}
