using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Rpc.Searching;
using AnnServer.FunctionalTests.Security;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>Unary calls in JSON: the same calls, answers and errors as over gRPC.</summary>
public sealed class JsonCallTests(JsonServer server) : ServerTest(server), IClassFixture<JsonServer>, IDisposable
{
    private readonly JsonClient _json = new(server.HttpAddress);

    public void Dispose() => _json.Dispose();

    [Fact]
    public async Task Tour_CreateUpsertSearchDelete_AnswersLikeGrpc()
    {
        string name = $"c-{Guid.NewGuid():N}";
        JsonReply created = await PostAsync(
            "/v1/collections",
            $$"""{"name": "{{name}}", "dimension": 2, "metric": "METRIC_L2", "attributes": [{"name": "year", "type": "ATTRIBUTE_TYPE_INT64"}]}""");
        JsonReply upserted = await PostAsync(
            Points(name, "upsert"),
            """
            {"points": [
                {"id": {"num": "18446744073709551615"}, "vector": {"values": [0, 0]}, "attributes": {"year": {"intValue": "9007199254740993"}}},
                {"id": {"key": "b"}, "vector": {"packed": "AACAPwAAAAA="}, "attributes": {"year": {"int_value": 1980}}},
                {"id": {"num": 3}, "vector": {"values": [5.5, "5.5"]}}]}
            """);
        JsonReply found = await PostAsync(
            Points(name, "search"),
            """{"vector": {"values": [0, 0]}, "k": 5, "filter": {"expression": "year > 1979"}, "withAttributes": true, "with_vector": true}""");
        SearchResponse overGrpc = await Server.Points.SearchAsync(
            new SearchRequest
            {
                Collection = name,
                Vector = Make.Vector(0, 0),
                K = 5,
                Filter = new Filter { Expression = "year > 1979" },
                WithAttributes = true,
                WithVector = true,
            },
            cancellationToken: Cancellation);

        Assert.Equal("0", created.Body.GetProperty("collection").GetProperty("points").GetString());
        Assert.Equal("COLLECTION_STATE_READY", created.Body.GetProperty("collection").GetProperty("state").GetString());
        Assert.Equal("3", upserted.Body.GetProperty("upserted").GetString());
        JsonElement[] hits = [.. found.Body.GetProperty("hits").EnumerateArray()];
        Assert.Equal(["18446744073709551615", "b"], hits.Select(Id));
        // Nought is a score, and is there.
        Assert.Equal([0, 1], hits.Select(static hit => hit.GetProperty("score").GetSingle()));
        Assert.Equal("9007199254740993", hits[0].GetProperty("attributes").GetProperty("year").GetProperty("intValue").GetString());
        Assert.Equal(overGrpc, JsonParser.Default.Parse<SearchResponse>(found.Body.GetRawText()));

        JsonReply deleted = await _json.SendAsync(HttpMethod.Delete, $"/v1/collections/{name}", (string?)null, Cancellation);
        JsonReply gone = await _json.GetAsync($"/v1/collections/{name}", Cancellation);

        Assert.Equal((HttpStatusCode.OK, "{ }"), (deleted.Http, deleted.Body.GetRawText()));
        Assert.Equal((HttpStatusCode.NotFound, StatusCode.NotFound), (gone.Http, gone.Code));
        Assert.Contains(name, gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_OfEveryKind_AreAnswered()
    {
        string name = await CreateAsync(2, Metric.L2, new AttributeSchema { Name = "n", Type = AttributeType.Int64 });
        await UpsertAsync(name, [.. Enumerable.Range(1, 9).Select(i => Make.Point((ulong)i, Make.Vector(i, i), ("n", Make.Int(i % 3))))]);

        JsonReply got = await PostAsync(Points(name, "get"), """{"ids": [{"num": 4}, {"num": 40}]}""");
        JsonReply page = await PostAsync(Points(name, "scroll"), """{"pageSize": 4}""");
        JsonReply next = await PostAsync(
            Points(name, "scroll"), $$"""{"pageSize": 4, "pageToken": "{{page.Body.GetProperty("nextPageToken").GetString()}}"}""");
        JsonReply facets = await PostAsync(Points(name, "facets"), """{"facets": [{"attribute": "n"}]}""");
        JsonReply sample = await PostAsync(Points(name, "sample"), """{"count": 2, "seed": "7"}""");
        JsonReply batch = await PostAsync(
            Points(name, "searchBatch"),
            """{"queries": [{"vector": {"values": [1, 1]}, "k": 1}, {"vector": {"values": [9, 9]}, "k": 1, "exact": true}]}""");
        JsonReply updated = await PostAsync(
            Points(name, "updateAttributes"), """{"updates": [{"id": {"num": 1}, "set": {"n": {"intValue": 8}}}, {"id": {"num": 77}, "remove": ["n"]}]}""");
        JsonReply deleted = await PostAsync(
            Points(name, "delete"), """{"filter": {"predicate": {"eq": {"attribute": "n", "value": {"intValue": 0}}}}, "durability": "DURABILITY_MEMORY"}""");
        JsonReply counted = await PostAsync(Points(name, "count"), "");
        JsonReply changed = await _json.SendAsync(
            HttpMethod.Patch, $"/v1/collections/{name}", """{"addAttributes": [{"name": "t", "type": 9}]}""", Cancellation);
        JsonReply listed = await _json.GetAsync("/v1/collections", Cancellation);
        JsonReply audited = await PostAsync($"/v1/collections/{name}:auditGraph", "{}");
        JsonReply checkpoint = await PostAsync("/v1/server:checkpoint", "{}");
        JsonReply stats = await _json.GetAsync("/v1/server/stats", Cancellation);

        Assert.Equal(["4"], got.Body.GetProperty("points").EnumerateArray().Select(Id));
        Assert.Equal(["1", "2", "3", "4"], page.Body.GetProperty("points").EnumerateArray().Select(Id));
        Assert.Equal(["5", "6", "7", "8"], next.Body.GetProperty("points").EnumerateArray().Select(Id));
        Assert.Equal(["3", "3", "3"], facets.Body.GetProperty("facets")[0].GetProperty("values").EnumerateArray().Select(static value => value.GetProperty("count").GetString()));
        Assert.Equal(2, sample.Body.GetProperty("points").GetArrayLength());
        Assert.Equal(["1", "9"], batch.Body.GetProperty("results").EnumerateArray().Select(static result => Id(result.GetProperty("hits")[0])));
        Assert.Equal("1", updated.Body.GetProperty("updated").GetString());
        Assert.Equal("77", updated.Body.GetProperty("notFound")[0].GetProperty("num").GetString());
        Assert.Equal("3", deleted.Body.GetProperty("deleted").GetString());
        Assert.Equal("6", counted.Body.GetProperty("count").GetString());
        Assert.Equal(
            ["n", "t"],
            changed.Body.GetProperty("collection").GetProperty("config").GetProperty("attributes").EnumerateArray()
                .Select(static attribute => attribute.GetProperty("name").GetString()!).Order());
        Assert.Contains(
            name,
            listed.Body.GetProperty("collections").EnumerateArray().Select(static info => info.GetProperty("config").GetProperty("name").GetString()));
        Assert.Equal("6", audited.Body.GetProperty("points").GetString());
        Assert.NotEqual("0", checkpoint.Body.GetProperty("sequence").GetString());
        Assert.NotEqual("", stats.Body.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Search_OfAnyKind_IsAnsweredAsOverGrpc()
    {
        const int seed = 7;
        const int rounds = 300;
        string name = await CreateAsync(2);
        await UpsertAsync(name, [.. Enumerable.Range(1, 20).Select(i => Make.Point((ulong)i, Make.Vector(i, -i), ("tag", Make.Int(i % 4))))]);
        RandomRequests random = new(seed);
        int answered = 0;
        for (int round = 0; round < rounds; round++)
        {
            if (!TryRead(random.Search(mayBeDamaged: false), out SearchRequest request))
            {
                continue;
            }

            request.Collection = name;
            // Its times are never the same.
            request.Explain = false;
            if (round % 2 == 0)
            {
                (request.Vector, request.K, request.ReadAfter) = (Make.Vector(round % 30, 0), (uint)(round % 9) + 1, 0);
            }

            JsonReply reply = await _json.PostAsync(Points(name, "search"), JsonFormatter.Default.Format(request), Cancellation);
            (StatusCode code, string detail, SearchResponse? expected) = await SearchAsync(request);

            string context = $"seed {seed}, round {round}, {request}: {reply.Body}";
            Assert.True(
                expected is not null ? expected.Equals(JsonParser.Default.Parse<SearchResponse>(reply.Body.GetRawText())) : (code, detail) == (reply.Code, reply.Message),
                context);
            answered += expected is null ? 0 : 1;
        }

        Assert.InRange(answered, 20, rounds - 20);
    }

    [Fact]
    public async Task Grpc_OnTheHttpPort_IsServedBesideJson()
    {
        string name = await CreateAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(Server.HttpAddress);

        CountResponse counted = await new AnnServer.Protocol.V1.Points.PointsClient(channel).CountAsync(new CountRequest { Collection = name }, cancellationToken: Cancellation);

        Assert.Equal(0UL, counted.Count);
    }

    [Fact]
    public async Task InvalidArgument_SeveralFaults_NamesTheFieldsInItsDetails()
    {
        string name = await CreateAsync();
        const string body = """{"vector": {"values": [1, 2]}, "k": 0, "recallTarget": 2}""";

        JsonReply refused = await PostAsync(Points(name, "search"), body, HttpStatusCode.BadRequest);
        RpcException overGrpc = await FailsAsync(Server.Points.SearchAsync(
            new SearchRequest { Collection = name, Vector = Make.Vector(1, 2), RecallTarget = 2 }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Equal(overGrpc.Status.Detail, refused.Message);
        Assert.Equal(Make.FaultyFields(overGrpc), refused.FaultyFields);
        Assert.Contains("k", refused.FaultyFields);
    }

    [Theory]
    [InlineData("{\"k\":", "Unexpected end")]
    [InlineData("{\"k\": 1} {}", "")]
    [InlineData("[1]", "")]
    [InlineData("\"text\"", "")]
    [InlineData("{\"filtr\": {\"expression\": \"a = 1\"}}", "Unknown field: filtr")]
    [InlineData("{\"k\": \"many\"}", "many")]
    [InlineData("{\"k\": -1}", "")]
    [InlineData("{\"k\": 99999999999}", "")]
    [InlineData("{\"vector\": {\"packed\": \"?\"}}", "")]
    [InlineData("{\"vector\": {\"values\": [1e99]}}", "")]
    [InlineData("{\"vector\": {\"format\": \"VECTOR_FORMAT_NONE\"}}", "VECTOR_FORMAT_NONE")]
    [InlineData("{\"ef\": 1, \"exact\": true}", "effort")]
    public async Task BadJson_OfAnyKind_IsRefusedWithItsFault(string body, string fault)
    {
        string name = await CreateAsync();

        JsonReply refused = await PostAsync(Points(name, "search"), body, HttpStatusCode.BadRequest);

        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.StartsWith("The JSON cannot be read: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(fault, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BadJson_NestedTooDeep_IsRefused()
    {
        const int depth = 100_000;
        string name = await CreateAsync();
        string predicates = string.Concat(Enumerable.Repeat("{\"not\":", depth)) + "{}" + new string('}', depth);

        JsonReply refused = await PostAsync(
            Points(name, "count"), $"{{\"filter\": {{\"predicate\": {predicates}}}}}", HttpStatusCode.BadRequest);

        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.StartsWith("The JSON cannot be read: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BadJson_BytesChangedAtRandom_IsAnsweredOrRefused()
    {
        string name = await CreateAsync(2);
        byte[] valid = Encoding.UTF8.GetBytes(
            """
            {"points":[{"id":{"num":"1"},"vector":{"values":[1,2.5e0]},"attributes":{"a\u00e9":{"stringValue":"\ud83d\ude00"},
            "t":{"timestampValue":"2024-01-01T00:00:00Z"},"g":{"geoPoint":{"latitude":1,"longitude":-2}},"l":{"intList":{"values":["1",2]}}}}]}
            """);
        const int seed = 20;
        Random random = new(seed);
        int refusals = 0;
        for (int round = 0; round < 400; round++)
        {
            byte[] bytes = [.. valid];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : valid[random.Next(valid.Length)];
            }

            JsonReply reply = await _json.SendAsync(HttpMethod.Post, Points(name, "upsert"), JsonClient.Content(bytes), Cancellation);

            Assert.True(
                reply.Http == HttpStatusCode.OK || (reply.Http == HttpStatusCode.BadRequest && reply.Code == StatusCode.InvalidArgument),
                $"seed {seed}, round {round}: {reply.Http} {reply.Body}");
            refusals += reply.Http == HttpStatusCode.OK ? 0 : 1;
        }

        Assert.InRange(refusals, 100, 400);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/grpc")]
    [InlineData("application/json; charset=utf-16")]
    public async Task ContentType_Other_IsRefused(string type)
    {
        JsonReply refused = await _json.SendAsync(HttpMethod.Post, "/v1/server:checkpoint", JsonClient.Content("{}"u8.ToArray(), type), Cancellation);

        Assert.Equal((HttpStatusCode.BadRequest, StatusCode.InvalidArgument), (refused.Http, refused.Code));
        Assert.Contains($"'{type}'; allowed: application/json", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Path_AnotherCollectionThanTheBody_IsRefused()
    {
        string name = await CreateAsync();

        JsonReply same = await PostAsync(Points(name, "count"), $$"""{"collection": "{{name}}"}""");
        JsonReply other = await PostAsync(Points(name, "count"), """{"collection": "other"}""", HttpStatusCode.BadRequest);
        JsonReply query = await _json.GetAsync("/v1/collections?filter=x", Cancellation);

        Assert.Equal("0", same.Body.GetProperty("count").GetString());
        Assert.Equal(["collection"], other.FaultyFields);
        Assert.Equal(StatusCode.InvalidArgument, query.Code);
        Assert.Contains("'filter'", query.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_LargerThanAMessage_IsRefusedWithTheSetting(bool hasLength)
    {
        string name = await CreateAsync();
        byte[] body = new byte[ServerFixture.MaxMessageBytes + 1];
        body.AsSpan().Fill((byte)' ');
        using ByteArrayContent content = JsonClient.Content(body);
        using HttpContent sent = hasLength ? content : new StreamContent(new MemoryStream(body)) { Headers = { ContentType = content.Headers.ContentType } };
        if (!hasLength)
        {
            sent.Headers.ContentLength = null;
        }

        JsonReply refused = await _json.SendAsync(HttpMethod.Post, Points(name, "count"), sent, Cancellation);
        JsonReply largest = await _json.SendAsync(HttpMethod.Post, Points(name, "count"), JsonClient.Content(Spaces(ServerFixture.MaxMessageBytes)), Cancellation);

        Assert.Equal((HttpStatusCode.TooManyRequests, StatusCode.ResourceExhausted), (refused.Http, refused.Code));
        Assert.Contains($"more than {ServerFixture.MaxMessageBytes} bytes", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Ann:MaxMessageBytes", refused.Message, StringComparison.Ordinal);
        Assert.Null(refused.Headers.RetryAfter);
        Assert.Equal("0", largest.Body.GetProperty("count").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_GoneAmidItsBody_LeavesNothingBehind(bool reset)
    {
        Admission admission = Server.Host.Services.GetRequiredService<Admission>();
        byte[] beginning = Encoding.ASCII.GetBytes(
            "POST /v1/server:checkpoint HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"a\":");
        using (TcpClient client = new(Server.HttpAddress.Host, Server.HttpAddress.Port))
        {
            client.LingerState = new LingerOption(reset, 0);
            await client.GetStream().WriteAsync(beginning, Cancellation);
            await Eventually.HoldsAsync(() => Task.FromResult(admission.Bytes > 0), Cancellation);
        }

        await Eventually.HoldsAsync(() => Task.FromResult(admission.Bytes == 0), Cancellation);
        await PostAsync("/v1/server:checkpoint", "{}");
    }

    [Fact]
    public async Task Http2_WithoutTls_WorksBesideHttp1()
    {
        string name = await CreateAsync();
        using JsonClient http2 = new(Server.HttpAddress) { Version = HttpVersion.Version20 };

        JsonReply[] replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? http2 : _json).PostAsync(Points(name, "count"), "{}", Cancellation)));

        Assert.All(replies, static reply => Assert.Equal(HttpStatusCode.OK, reply.Http));
        Assert.Equal([HttpVersion.Version11, HttpVersion.Version20], replies.Select(static reply => reply.Version).Distinct().Order());
    }

    [Fact]
    public async Task Routes_Unknown_AreNotFound()
    {
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };
        using HttpResponseMessage verb = await http.DeleteAsync(new Uri("/v1/server/stats", UriKind.Relative), Cancellation);
        using HttpResponseMessage path = await http.PostAsync(
            new Uri("/v1/collections/c/points:upsertStream", UriKind.Relative), JsonClient.Content("{}"u8.ToArray()), Cancellation);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, verb.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, path.StatusCode);
    }

    private static bool TryRead(byte[] bytes, out SearchRequest request)
    {
        try
        {
            request = SearchRequest.Parser.ParseFrom(bytes);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            request = new SearchRequest();
            return false;
        }
    }

    private async Task<(StatusCode Code, string Detail, SearchResponse? Response)> SearchAsync(SearchRequest request)
    {
        try
        {
            return (StatusCode.OK, "", await Server.Points.SearchAsync(request, cancellationToken: Cancellation));
        }
        catch (RpcException error)
        {
            return (error.StatusCode, error.Status.Detail, null);
        }
    }

    private static string Points(string collection, string verb) => $"/v1/collections/{collection}/points:{verb}";

    private static byte[] Spaces(int length) => Encoding.ASCII.GetBytes("{}".PadRight(length));

    private static string Id(JsonElement element)
    {
        JsonElement id = element.GetProperty("id");
        return (id.TryGetProperty("num", out JsonElement num) ? num : id.GetProperty("key")).GetString()!;
    }

    private async Task<JsonReply> PostAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        JsonReply reply = await _json.PostAsync(path, body, Cancellation);
        Assert.True(reply.Http == expected, $"{path}: {reply.Http} {reply.Body}");
        return reply;
    }
}
