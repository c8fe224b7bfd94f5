using System.Buffers.Binary;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;
using Google.Protobuf;

namespace AnnServer.LoadGen.RequestFiles;

/// <summary>Builds requests from a vector file for tools that cannot: ghz reads JSON, h2load sends the bytes of one file.</summary>
internal static class RequestWriter
{
    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static IEnumerable<IMessage> Build(RequestPlan plan, VectorFile vectors)
    {
        for (int i = 0; i < plan.Count; i++)
        {
            int from = i * plan.Batch;
            yield return plan.Kind switch
            {
                RequestKind.Search => Search(plan, vectors, i % vectors.Count),
                RequestKind.Batch => Batch(plan, vectors, from),
                RequestKind.Upsert => Upsert(plan, vectors, from),
                _ => throw new ArgumentOutOfRangeException(nameof(plan), plan.Kind, "Not a kind of request."),
            };
        }
    }

    /// <summary>A JSON array of messages, one a line, bytes in base64 as protobuf's JSON mapping has it.</summary>
    public static async Task WriteJsonAsync(TextWriter output, IEnumerable<IMessage> messages)
    {
        string separator = "[\n";
        foreach (IMessage message in messages)
        {
            await output.WriteAsync(separator);
            await output.WriteAsync(Json.Format(message));
            separator = ",\n";
        }
        await output.WriteAsync("\n]\n");
    }

    /// <summary>A gRPC message as it goes over HTTP/2: not compressed, its length in four bytes, itself.</summary>
    public static byte[] Frame(IMessage message)
    {
        byte[] frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    private static SearchRequest Search(RequestPlan plan, VectorFile vectors, int row)
    {
        SearchRequest request = new()
        {
            Collection = plan.Collection,
            Vector = PackedVectors.FromRow(vectors, row),
            K = (uint)plan.K,
            Filter = plan.Filter is null ? null : new Filter { Expression = plan.Filter },
        };
        plan.Effort.Apply(request);
        return request;
    }

    private static SearchBatchRequest Batch(RequestPlan plan, VectorFile vectors, int from)
    {
        SearchBatchRequest request = new() { Collection = plan.Collection };
        for (int i = 0; i < plan.Batch; i++)
            request.Queries.Add(Search(plan, vectors, (from + i) % vectors.Count));
        return request;
    }

    private static UpsertRequest Upsert(RequestPlan plan, VectorFile vectors, int from)
    {
        UpsertRequest request = new() { Collection = plan.Collection };
        for (int row = from; row < Math.Min(from + plan.Batch, vectors.Count); row++)
            request.Points.Add(new Point { Id = new PointId { Num = (ulong)row }, Vector = PackedVectors.FromRow(vectors, row) });
        return request;
    }
}
