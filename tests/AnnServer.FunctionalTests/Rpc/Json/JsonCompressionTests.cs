using System.IO.Compression;
using System.Net;
using System.Text;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Security;
using AnnServer.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>Calls in JSON whose bodies are compressed.</summary>
public sealed class JsonCompressionTests(JsonServer server) : ServerTest(server), IClassFixture<JsonServer>, IDisposable
{
    private readonly JsonClient _json = new(server.HttpAddress);

    public void Dispose() => _json.Dispose();

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Request_Compressed_IsReadAsWhatItStandsFor(string encoding)
    {
        string name = await CreateAsync(2);

        JsonReply upserted = await SendAsync(_json, Points(name, "upsert"), """{"points": [{"id": {"num": 7}, "vector": {"values": [1, 2]}}]}""", encoding);

        Assert.Equal("1", upserted.Body.GetProperty("upserted").GetString());
        Assert.Equal(1UL, await CountAsync(name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60 * ServerFixture.MaxMessageBytes)]
    public async Task Request_StandsForMoreThanAMessage_IsRefusedWithTheSetting(int more)
    {
        string path = Points(await CreateAsync(2), "count");

        JsonReply largest = await SendAsync(_json, path, "{}".PadRight(ServerFixture.MaxMessageBytes));
        JsonReply refused = await SendAsync(_json, path, "{}".PadRight(ServerFixture.MaxMessageBytes + more));

        Assert.Equal("0", largest.Body.GetProperty("count").GetString());
        Assert.Equal((HttpStatusCode.TooManyRequests, StatusCode.ResourceExhausted), (refused.Http, refused.Code));
        Assert.Contains("Ann:MaxMessageBytes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_StandsForMoreThanAllMayHave_IsRefusedAndLeavesNothingBehind()
    {
        const int mostBytes = 300_000;
        await using ServerFixture small = new() { Settings = ["--Ann:JsonEnabled=true", $"--Ann:MaxRequestBytesInFlight={mostBytes}"] };
        await small.StartAsync();
        using JsonClient json = new(small.HttpAddress);
        Admission admission = small.Host.Services.GetRequiredService<Admission>();
        for (int round = 0; round < 3; round++)
        {
            JsonReply refused = await SendAsync(json, "/v1/server:checkpoint", "{}".PadRight(2 * mostBytes));

            Assert.Equal((HttpStatusCode.TooManyRequests, StatusCode.ResourceExhausted), (refused.Http, refused.Code));
            Assert.Contains("Ann:MaxRequestBytesInFlight", refused.Message, StringComparison.Ordinal);
            await Eventually.HoldsAsync(() => Task.FromResult(admission.Bytes == 0), Cancellation);
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(json, "/v1/server:checkpoint", "{}".PadRight(mostBytes / 2))).Http);
        }
    }

    [Theory]
    [InlineData("gzip", "not compressed as content-encoding says")]
    [InlineData("deflate", "not compressed as content-encoding says")]
    [InlineData("br", "The content encoding is 'br'; allowed: gzip, deflate or none.")]
    [InlineData("gzip, gzip", "The content encoding is 'gzip, gzip'; allowed: gzip, deflate or none.")]
    public async Task Request_NotCompressedAsItSays_IsRefused(string encoding, string fault)
    {
        using ByteArrayContent content = JsonClient.Content("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("content-encoding", encoding);

        JsonReply refused = await _json.SendAsync(HttpMethod.Post, "/v1/server:checkpoint", content, Cancellation);

        Assert.Equal((HttpStatusCode.BadRequest, StatusCode.InvalidArgument), (refused.Http, refused.Code));
        Assert.Contains(fault, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_EndsTooSoon_IsRefused()
    {
        byte[] whole = Compress($"{{\"a\": [{string.Join(',', Enumerable.Range(0, 1000))}]}}", "gzip");
        using ByteArrayContent content = JsonClient.Content(whole[..(whole.Length / 2)]);
        content.Headers.ContentEncoding.Add("gzip");

        JsonReply refused = await _json.SendAsync(HttpMethod.Post, "/v1/server:checkpoint", content, Cancellation);

        Assert.Equal((HttpStatusCode.BadRequest, StatusCode.InvalidArgument), (refused.Http, refused.Code));
    }

    [Theory]
    [InlineData("/v1/collections", HttpStatusCode.OK)]
    [InlineData("/v1/collections/none", HttpStatusCode.NotFound)]
    [InlineData("/openapi/v1.json", HttpStatusCode.OK)]
    public async Task Answer_GzipAccepted_IsThatOfOthersCompressed(string path, HttpStatusCode status)
    {
        (HttpStatusCode Status, string? Encoding, byte[] Body) plain = await GetAsync(path, null);
        (HttpStatusCode Status, string? Encoding, byte[] Body) compressed = await GetAsync(path, "gzip");
        using MemoryStream decompressed = new();
        await using (GZipStream gzip = new(new MemoryStream(compressed.Body), CompressionMode.Decompress))
        {
            await gzip.CopyToAsync(decompressed, Cancellation);
        }

        Assert.Equal((status, null), (plain.Status, plain.Encoding));
        Assert.Equal((status, "gzip"), (compressed.Status, compressed.Encoding));
        Assert.Equal(plain.Body, decompressed.ToArray());
    }

    [Fact]
    public async Task Answer_NotOfJson_IsNotCompressed()
    {
        Assert.Null((await GetAsync("/readyz", "gzip")).Encoding);
        Assert.Null((await GetAsync("/healthz", "gzip")).Encoding);
    }

    private static string Points(string collection, string verb) => $"/v1/collections/{collection}/points:{verb}";

    private static byte[] Compress(string text, string encoding)
    {
        using MemoryStream compressed = new();
        using (Stream compressing = encoding == "gzip" ? new GZipStream(compressed, CompressionLevel.Fastest) : new ZLibStream(compressed, CompressionLevel.Fastest))
        {
            compressing.Write(Encoding.UTF8.GetBytes(text));
        }

        return compressed.ToArray();
    }

    private static async Task<JsonReply> SendAsync(JsonClient json, string path, string body, string encoding = "gzip")
    {
        using ByteArrayContent content = JsonClient.Content(Compress(body, encoding));
        content.Headers.ContentEncoding.Add(encoding);
        return await json.SendAsync(HttpMethod.Post, path, content, Cancellation);
    }

    private async Task<(HttpStatusCode Status, string? Encoding, byte[] Body)> GetAsync(string path, string? accepted)
    {
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (accepted is not null)
        {
            request.Headers.AcceptEncoding.ParseAdd(accepted);
        }

        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        return (response.StatusCode, response.Content.Headers.ContentEncoding.SingleOrDefault(), await response.Content.ReadAsByteArrayAsync(Cancellation));
    }
}
