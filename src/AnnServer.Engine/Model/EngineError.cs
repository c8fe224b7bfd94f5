namespace AnnServer.Engine.Model;

/// <summary>Why a call did nothing.</summary>
public sealed record EngineError(EngineStatus Status, string Message, IReadOnlyList<FieldViolation> Violations)
{
    public static EngineError Of(EngineStatus status, string message) => new(status, message, []);
}
