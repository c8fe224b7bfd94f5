using System.Net;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Rpc.Json;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Who may call in JSON, how much, and from which pages. Rights of every call: <see cref="AccessMatrixTests"/>.</summary>
public sealed class JsonAccessTests() : KeyedServerTests(
    TestKeys.Entry("reader", "r-key", "read"),
    TestKeys.Entry("root", "root-key", "admin"),
    TestKeys.Entry("slow", "s-key", "read", limits: "\"requests_per_second\": 0.001, \"request_burst\": 2"))
{
    private const string Origin = "https://app.example.com";

    [Fact]
    public async Task Errors_OfAccess_AreInJson()
    {
        await StartAsync();

        JsonReply stranger = await CallAsync(null, HttpMethod.Get, "/v1/collections");
        JsonReply wrong = await CallAsync("no-key", HttpMethod.Get, "/v1/collections");
        JsonReply role = await CallAsync("r-key", HttpMethod.Delete, "/v1/collections/c");
        JsonReply allowed = await CallAsync("r-key", HttpMethod.Get, "/v1/collections");
        JsonReply audited = await CallAsync("root-key", HttpMethod.Delete, "/v1/collections/c");

        Assert.Equal((HttpStatusCode.Unauthorized, StatusCode.Unauthenticated), (stranger.Http, stranger.Code));
        Assert.Contains("needs an API key or a token", stranger.Message, StringComparison.Ordinal);
        Assert.Equal("Bearer", stranger.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal((HttpStatusCode.Unauthorized, StatusCode.Unauthenticated), (wrong.Http, wrong.Code));
        Assert.Equal((HttpStatusCode.Forbidden, StatusCode.PermissionDenied), (role.Http, role.Code));
        Assert.Contains("'reader' does not have the role 'admin'", role.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, allowed.Http);
        Assert.Equal((HttpStatusCode.NotFound, StatusCode.NotFound), (audited.Http, audited.Code));
    }

    [Fact]
    public async Task Document_WhereReflectionIsOpen_TakesNoKey()
    {
        await StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await CallAsync(null, HttpMethod.Get, "/openapi/v1.json")).Http);
    }

    [Fact]
    public async Task Document_WhereReflectionIsClosed_TakesAKey()
    {
        await StartAsync("--Ann:Auth:OpenReflection=false");
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };

        using HttpResponseMessage without = await http.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative), Cancellation);
        JsonReply with = await CallAsync("r-key", HttpMethod.Get, "/openapi/v1.json");

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.OK, with.Http);
        Assert.Equal(2, with.Body.GetProperty("security").GetArrayLength());
    }

    [Fact]
    public async Task Rate_OfTheCaller_IsOneOverBothWays()
    {
        await StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await CallAsync("s-key", HttpMethod.Get, "/v1/collections")).Http);
        await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), TestKeys.Headers("s-key"), cancellationToken: Cancellation);
        JsonReply refused = await CallAsync("s-key", HttpMethod.Get, "/v1/collections");

        Assert.Equal((HttpStatusCode.TooManyRequests, StatusCode.ResourceExhausted), (refused.Http, refused.Code));
        Assert.Contains("'slow' has made as many requests as it may", refused.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task Bytes_BeyondThoseOfAllRequests_AreRefused()
    {
        const int most = 100_000;
        await StartAsync($"--Ann:MaxRequestBytesInFlight={most}");
        using JsonClient json = new(Server.HttpAddress, "r-key");

        JsonReply refused = await json.PostAsync("/v1/collections/c/points:count", "{}".PadRight(2 * most), Cancellation);
        JsonReply small = await json.PostAsync("/v1/collections/c/points:count", "{}".PadRight(most / 2), Cancellation);

        Assert.Equal((HttpStatusCode.TooManyRequests, StatusCode.ResourceExhausted), (refused.Http, refused.Code));
        Assert.Contains("Ann:MaxRequestBytesInFlight", refused.Message, StringComparison.Ordinal);
        Assert.Equal(StatusCode.NotFound, small.Code);
    }

    [Fact]
    public async Task Page_OfAnotherOrigin_MayCallAsTheSettingsSay()
    {
        await StartAsync($"--Ann:CorsOrigins={Origin}");
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };

        foreach ((string origin, string? allowed) in ((string, string?)[])[(Origin, Origin), ("https://other.example.com", null)])
        {
            using HttpRequestMessage preflight = new(HttpMethod.Options, new Uri("/v1/collections/c", UriKind.Relative))
            {
                Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "DELETE" }, { "Access-Control-Request-Headers", "authorization" } },
            };
            using HttpResponseMessage response = await http.SendAsync(preflight, Cancellation);
            using HttpRequestMessage call = new(HttpMethod.Get, new Uri("/v1/collections", UriKind.Relative)) { Headers = { { "Origin", origin } } };
            using HttpResponseMessage answer = await http.SendAsync(call, Cancellation);

            Assert.Equal(allowed, Header(response, "Access-Control-Allow-Origin"));
            Assert.Equal(allowed is not null, Header(response, "Access-Control-Allow-Methods")?.Contains("DELETE", StringComparison.Ordinal) == true);
            // The error that says to the page that a key is missing is one that it can read.
            Assert.Equal(allowed, Header(answer, "Access-Control-Allow-Origin"));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;

    private Task StartAsync(params string[] settings) => StartServerAsync(["--Ann:JsonEnabled=true", .. settings]);

    private async Task<JsonReply> CallAsync(string? key, HttpMethod method, string path)
    {
        using JsonClient json = new(Server.HttpAddress, key);
        return await json.SendAsync(method, path, (string?)null, Cancellation);
    }
}
