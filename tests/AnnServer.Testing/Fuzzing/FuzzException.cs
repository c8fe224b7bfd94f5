namespace AnnServer.Testing.Fuzzing;

/// <summary>An input of the fuzzing was not dealt with as it must be.</summary>
public sealed class FuzzException(string message, Exception? inner) : Exception(message, inner);
