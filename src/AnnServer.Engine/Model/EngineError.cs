namespace AnnServer.Engine.Model;

/// <summary>Why a call did nothing.</summary>
/// <param name="Unlisted">Violations that were counted and not described.</param>
public sealed record EngineError(EngineStatus Status, string Message, IReadOnlyList<FieldViolation> Violations, int Unlisted = 0)
{
    public static EngineError Of(EngineStatus status, string message) => new(status, message, []);
}
