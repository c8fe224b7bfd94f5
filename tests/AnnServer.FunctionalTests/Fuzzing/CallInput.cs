using Google.Protobuf.Reflection;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>A call as it is sent.</summary>
/// <param name="Rpc">The method whose path it has, or from which its path was made.</param>
/// <param name="Path">Where it goes.</param>
/// <param name="Body">Frames, right or not.</param>
/// <param name="Fault">What was done to it beyond its message.</param>
internal sealed record CallInput(MethodDescriptor Rpc, string Path, byte[] Body, CallFault Fault)
{
    public string Verb { get; init; } = "POST";

    public string? ContentType { get; init; } = "application/grpc";

    public List<(string Name, string Value)> Headers { get; } = [];

    /// <summary>Whether it may change what is stored.</summary>
    public bool Writes => Rpc.Name is "Upsert" or "UpsertStream" or "Delete" or "UpdateAttributes" or "CreateCollection" or "UpdateCollection"
        or "DeleteCollection" or "Restore" or "Backup";
}
