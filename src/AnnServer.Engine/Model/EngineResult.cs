using System.Diagnostics.CodeAnalysis;

namespace AnnServer.Engine.Model;

/// <summary>A value, or the error that stands in its place.</summary>
public readonly struct EngineResult<T>
{
    private readonly T? _value;

    private EngineResult(T? value, EngineError? error)
    {
        _value = value;
        Error = error;
    }

    public EngineError? Error { get; }

    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    public T Value => Error is null ? _value! : throw new InvalidOperationException(Error.Message);

    public static implicit operator EngineResult<T>(T value) => new(value, null);

    public static implicit operator EngineResult<T>(EngineError error) => new(default, error);
}
