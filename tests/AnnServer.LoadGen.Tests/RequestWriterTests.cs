using System.Buffers.Binary;
using System.Text.Json;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Queries;
using AnnServer.LoadGen.RequestFiles;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests;

public sealed class RequestWriterTests
{
    private static readonly VectorFile Vectors = new(
        TexmexFile.Parse(VectorFileTests.Rows([[1, 2], [3, 4], [5, 6]]), ElementType.UInt8, "x"));

    [Fact]
    public async Task WriteJson_Searches_IsAnArrayOfMessagesByTheirProtoNames()
    {
        RequestPlan plan = new(RequestKind.Search, "c", Count: 2, Batch: 1, K: 10, new Effort(64, false), "a = 1");
        using StringWriter output = new();

        await RequestWriter.WriteJsonAsync(output, RequestWriter.Build(plan, Vectors));

        using JsonDocument document = JsonDocument.Parse(output.ToString());
        Assert.Equal(2, document.RootElement.GetArrayLength());
        JsonElement second = document.RootElement[1];
        Assert.Equal(Convert.ToBase64String([3, 4]), second.GetProperty("vector").GetProperty("packed").GetString());
        Assert.Equal("VECTOR_FORMAT_UINT8", second.GetProperty("vector").GetProperty("format").GetString());
        Assert.Equal(64, second.GetProperty("ef").GetInt32());
        Assert.Equal("a = 1", second.GetProperty("filter").GetProperty("expression").GetString());
    }

    [Fact]
    public void Build_Upserts_CoverEveryRowOnce()
    {
        RequestPlan plan = new(RequestKind.Upsert, "c", Count: 2, Batch: 2, K: 0, default, null);

        List<ulong> ids = [.. RequestWriter.Build(plan, Vectors).Cast<UpsertRequest>().SelectMany(x => x.Points).Select(x => x.Id.Num)];

        Assert.Equal([0UL, 1, 2], ids);
    }

    [Fact]
    public void Frame_Message_HasTheGrpcPrefix()
    {
        SearchRequest request = new() { Collection = "c", K = 3 };

        byte[] frame = RequestWriter.Frame(request);

        Assert.Equal(0, frame[0]);
        Assert.Equal((uint)(frame.Length - 5), BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(1)));
        Assert.Equal(request, SearchRequest.Parser.ParseFrom(frame, 5, frame.Length - 5));
    }
}
