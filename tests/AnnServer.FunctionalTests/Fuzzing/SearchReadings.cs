using System.Buffers.Binary;
using AnnServer.Engine.Model;
using AnnServer.Protocol.V1;
using AnnServer.Rpc.Searching;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>
/// What a search that was read off the wire is to be, from the message of the generated parser: what the contract says of each field, said
/// again.
/// </summary>
internal static class SearchReadings
{
    /// <summary>The first field in which the two differ, or null.</summary>
    public static string? Difference(SearchBatchRequest expected, WireSearchBatch actual)
    {
        if (expected.Collection != actual.Collection || expected.Queries.Count != actual.Queries.Count || actual.Answers.Count != actual.Queries.Count)
        {
            return "collection or number of queries";
        }

        for (int i = 0; i < expected.Queries.Count; i++)
        {
            if (Difference(expected.Queries[i], actual[i]) is { } field)
            {
                return $"queries[{i}].{field}";
            }
        }

        return null;
    }

    /// <summary>The first field in which the two differ, or null.</summary>
    public static string? Difference(SearchRequest expected, WireSearch actual)
    {
        SearchQuery query = actual.Query;
        return expected.Collection != actual.Collection ? "collection"
            : Clamped(expected.K) != query.K ? "k"
            : !Equals(expected.Filter, actual.Filter) ? "filter"
            : (expected.HasEf ? Clamped(expected.Ef) : null) != query.Ef ? "ef"
            : Bits(expected.HasRecallTarget ? expected.RecallTarget : null) != Bits(query.RecallTarget) ? "recall_target"
            : (expected.HasExact && expected.Exact) != query.Exact ? "exact"
            : expected.WithAttributes != query.WithAttributes ? "with_attributes"
            : expected.WithVector != query.WithVector ? "with_vector"
            : Bits(expected.HasScoreThreshold ? expected.ScoreThreshold : null) != Bits(query.ScoreThreshold) ? "score_threshold"
            : expected.Explain != actual.Explain ? "explain"
            : expected.ReadAfter != query.ReadAfter ? "read_after"
            : !Equals(expected.GroupBy, actual.GroupBy) ? "group_by"
            : !Equals(expected.Diversity, actual.Diversity) ? "diversity"
            : VectorDifference(expected.Vector, actual);
    }

    private static string? VectorDifference(Vector? expected, WireSearch actual)
    {
        Faults faults = new();
        actual.Complete(faults);
        bool isRefused = faults.Any && faults.ToError().Violations.Any(static violation => violation.Field == "vector");
        float[]? elements = expected is null ? null : Elements(expected);
        return elements is null != isRefused ? "vector, whose fault is not seen"
            : elements is not null && !Same(elements, actual.Query.Vector.Span) ? "vector"
            : null;
    }

    // Null where the contract gives the message no meaning.
    private static float[]? Elements(Vector vector)
    {
        if (vector.Packed.IsEmpty || vector.Values.Count > 0)
        {
            return vector.Packed.IsEmpty && vector.Values.Count > 0 ? [.. vector.Values] : null;
        }

        byte[] packed = vector.Packed.ToByteArray();
        return vector.Format switch
        {
            VectorFormat.Unspecified or VectorFormat.Float32 when packed.Length % 4 == 0 =>
                [.. Enumerable.Range(0, packed.Length / 4).Select(i => BinaryPrimitives.ReadSingleLittleEndian(packed.AsSpan(4 * i)))],
            VectorFormat.Float16 when packed.Length % 2 == 0 =>
                [.. Enumerable.Range(0, packed.Length / 2).Select(i => (float)BinaryPrimitives.ReadHalfLittleEndian(packed.AsSpan(2 * i)))],
            VectorFormat.Int8 => [.. packed.Select(static element => (float)(sbyte)element)],
            VectorFormat.Uint8 => [.. packed.Select(static element => (float)element)],
            _ => null,
        };
    }

    private static bool Same(float[] expected, ReadOnlySpan<float> actual)
    {
        bool isSame = expected.Length == actual.Length;
        for (int i = 0; isSame && i < expected.Length; i++)
        {
            isSame = BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]);
        }

        return isSame;
    }

    private static int Clamped(uint number) => (int)Math.Min(number, int.MaxValue);

    private static long? Bits(double? number) => number is null ? null : BitConverter.DoubleToInt64Bits(number.Value);

    private static int? Bits(float? number) => number is null ? null : BitConverter.SingleToInt32Bits(number.Value);
}
