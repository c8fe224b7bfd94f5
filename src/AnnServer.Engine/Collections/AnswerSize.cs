using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>
/// Adds up what an answer holds while it is made, so that it is refused at its limit and not when memory is full: ten thousand
/// results of a thousand queries with their vectors are hundreds of gigabytes.
/// </summary>
internal struct AnswerSize(int limit)
{
    // An identifier and a score with the objects that carry them.
    private const int PointBytes = 64;

    public long Bytes { get; private set; }

    public readonly bool IsTooLarge => Bytes > limit;

    /// <summary>Counts one point of an answer. False once the answer is too large.</summary>
    public bool TryAdd(PointId id, int vectorElements, byte[]? blob)
    {
        Bytes += PointBytes + (id.Key?.Length ?? 0) + ((long)vectorElements * sizeof(float)) + (blob?.Length ?? 0);
        return !IsTooLarge;
    }

    /// <summary>Counts a value beside a point. False once the answer is too large.</summary>
    public bool TryAdd(AttributeValue value)
    {
        Bytes += value.Kind == AttributeKind.String ? value.AsString().Length : 0;
        return !IsTooLarge;
    }

    /// <summary>Forgets what was counted since it stood at <paramref name="bytes"/>, for an answer that is made again.</summary>
    public void Rewind(long bytes) => Bytes = bytes;

    /// <param name="field">What asks for so much.</param>
    public readonly EngineError ToError(string field) => new(
        EngineStatus.ResourceExhausted,
        $"{field}: the answer is larger than {limit} bytes; ask for fewer points, or leave out vectors and attributes",
        [new FieldViolation(field, $"the answer is larger than {limit} bytes; ask for fewer points, or leave out vectors and attributes")]);
}
