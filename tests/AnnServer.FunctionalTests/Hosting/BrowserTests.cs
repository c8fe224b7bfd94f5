using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Protobuf;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>gRPC-Web, framed by hand, and CORS as a browser asks for it.</summary>
public sealed class BrowserTests
{
    private const string Origin = "https://app.example.com";
    private const string Method = "/ann.v1.Collections/ListCollections";
    private const int PrefixLength = 5;
    private const byte TrailerFlag = 0x80;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GrpcWeb_SwitchedOn_AnswersOverHttp1WithTheStatusInTheBody()
    {
        await using ServerFixture server = await StartAsync("--Ann:GrpcWeb=true");
        await server.Collections.CreateCollectionAsync(
            new CreateCollectionRequest { Config = new CollectionConfig { Name = "films", Dimension = 2, Metric = Metric.L2 } },
            cancellationToken: Cancellation);

        using HttpResponseMessage response = await CallAsync(server, Method, new ListCollectionsRequest());
        (byte[] message, string trailers) = Split(await response.Content.ReadAsByteArrayAsync(Cancellation));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("films", Assert.Single(ListCollectionsResponse.Parser.ParseFrom(message).Collections).Config.Name);
        Assert.Contains("grpc-status: 0", trailers, StringComparison.OrdinalIgnoreCase);
    }

    // It has messages of its own.
    [Fact]
    public async Task GrpcWeb_Search_IsAnsweredToo()
    {
        await using ServerFixture server = await StartAsync("--Ann:GrpcWeb=true");
        await server.Collections.CreateCollectionAsync(
            new CreateCollectionRequest { Config = new CollectionConfig { Name = "films", Dimension = 2, Metric = Metric.L2 } },
            cancellationToken: Cancellation);
        await server.Points.UpsertAsync(
            new UpsertRequest { Collection = "films", Points = { Make.Point(7, Make.Vector(1, 2)) } }, cancellationToken: Cancellation);

        using HttpResponseMessage response = await CallAsync(
            server, "/ann.v1.Points/Search", new SearchRequest { Collection = "films", Vector = Make.Vector(1, 2), K = 1 });
        (byte[] message, _) = Split(await response.Content.ReadAsByteArrayAsync(Cancellation));

        Assert.Equal(7UL, Assert.Single(SearchResponse.Parser.ParseFrom(message).Hits).Id.Num);
    }

    [Fact]
    public async Task GrpcWeb_Error_IsCountedByItsStatus()
    {
        await using ServerFixture server = await StartAsync("--Ann:GrpcWeb=true");
        using HttpClient http = new() { BaseAddress = server.HttpAddress };

        using HttpResponseMessage response = await CallAsync(server, "/ann.v1.Collections/GetCollection", new GetCollectionRequest { Name = "none" });
        string metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation);

        Assert.Equal("5", response.Headers.GetValues("grpc-status").Single());
        Assert.Contains("rpc_response_status_code=\"NOT_FOUND\"", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GrpcWeb_ByDefault_IsRefused()
    {
        await using ServerFixture server = await StartAsync();

        using HttpResponseMessage response = await CallAsync(server, Method, new ListCollectionsRequest());

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData(Origin, Origin)]
    [InlineData("https://other.example.com", null)]
    public async Task Cors_PreflightOfAnOrigin_IsAllowedOnlyIfTheSettingsNameIt(string origin, string? allowed)
    {
        await using ServerFixture server = await StartAsync("--Ann:GrpcWeb=true", $"--Ann:CorsOrigins={Origin}, http://localhost:3000");
        using HttpClient http = new() { BaseAddress = server.HttpAddress };
        using HttpRequestMessage preflight = new(HttpMethod.Options, new Uri(Method, UriKind.Relative))
        {
            Headers =
            {
                { "Origin", origin }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "content-type,x-grpc-web" },
            },
        };

        using HttpResponseMessage response = await http.SendAsync(preflight, Cancellation);

        Assert.Equal(allowed, Header(response, "Access-Control-Allow-Origin"));
        Assert.Equal(allowed is null ? null : "content-type,x-grpc-web", Header(response, "Access-Control-Allow-Headers"));
    }

    [Fact]
    public async Task Cors_AnswerToAPage_LetsItReadTheStatus()
    {
        await using ServerFixture server = await StartAsync("--Ann:GrpcWeb=true", "--Ann:CorsOrigins=*");

        using HttpResponseMessage response = await CallAsync(server, Method, new ListCollectionsRequest(), Origin);

        Assert.Equal("*", Header(response, "Access-Control-Allow-Origin"));
        Assert.Contains("Grpc-Status", Header(response, "Access-Control-Expose-Headers"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Cors_ByDefault_AllowsNoPage()
    {
        await using ServerFixture server = await StartAsync("--Ann:GrpcWeb=true");

        using HttpResponseMessage response = await CallAsync(server, Method, new ListCollectionsRequest(), Origin);

        Assert.Null(Header(response, "Access-Control-Allow-Origin"));
    }

    private static async Task<ServerFixture> StartAsync(params string[] settings)
    {
        ServerFixture server = new() { Settings = settings };
        await server.StartAsync();
        return server;
    }

    private static async Task<HttpResponseMessage> CallAsync(ServerFixture server, string method, IMessage request, string? origin = null)
    {
        byte[] body = new byte[PrefixLength + request.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), request.CalculateSize());
        request.WriteTo(body.AsSpan(PrefixLength));
        using HttpClient http = new() { BaseAddress = server.HttpAddress };
        using HttpRequestMessage message = new(HttpMethod.Post, new Uri(method, UriKind.Relative))
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc-web+proto") } },
        };
        if (origin is not null)
        {
            message.Headers.Add("Origin", origin);
        }

        return await http.SendAsync(message, Cancellation);
    }

    /// <summary>One message, and after it the trailers.</summary>
    private static (byte[] Message, string Trailers) Split(byte[] body)
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1));
        byte[] rest = body[(PrefixLength + length)..];
        Assert.Equal(0, body[0]);
        Assert.Equal(TrailerFlag, rest[0]);
        return (body[PrefixLength..(PrefixLength + length)], Encoding.ASCII.GetString(rest[PrefixLength..]));
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;
}
